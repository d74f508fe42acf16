import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { text } from "node:stream/consumers";
import { provider } from "../../../plugin/provider";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { releaseUnlocked } from "../../../provider/kubernetes/handlers/release-unlocked";
import { asFailed, isPulumis, objectsOf, type HelmRecord } from "../../../provider/kubernetes/helm-records";
import { driveResource, EngineResource, Secret, startPlugin, type Plugin } from "../server/harness";
import { testContext } from "./context";
import { httpsServer, type HttpsServer } from "./https-server";

const type = "gpu-clusters:kubernetes:ReleaseUnlocked";

const manifest = `---
# Source: hub/templates/role.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: hub
---
apiVersion: v1
kind: Service
metadata: {name: hub}
---
apiVersion: v1
kind: Service
metadata: {name: kept, namespace: other, annotations: {helm.sh/resource-policy: keep}}
---
`;

/** As Helm writes one. */
function record(revision: number, status: string, manager = "pulumi-kubernetes"): HelmRecord {
  const content =
    `{"name":"hub","info":{"first_deployed":"2026-01-01T00:00:00Z","status":${JSON.stringify(status)},"notes":"\\"status\\":\\"pending-install\\""},` +
    `"config":{"long":12345678901234567890,"status":"pending-upgrade"},"manifest":${JSON.stringify(manifest)},"version":${revision},"namespace":"lab"}`;
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "helm.sh/release.v1",
    metadata: {
      name: `sh.helm.release.v1.hub.v${revision}`,
      namespace: "lab",
      resourceVersion: `${revision}0`,
      labels: { owner: "helm", name: "hub", status, version: `${revision}` },
      managedFields: [{ manager, operation: "Update" }],
    },
    data: { release: Buffer.from(gzipSync(content).toString("base64")).toString("base64") },
  };
}

describe("Helm's records", () => {
  it("are known by who wrote them", () => {
    assert.deepEqual(
      ["pulumi-kubernetes", "pulumi-resource-kubernetes", "helm", "Helm"].map((manager) =>
        isPulumis(record(1, "failed", manager)),
      ),
      [true, true, false, false],
    );
    assert.equal(isPulumis({ ...record(1, "failed"), metadata: { name: "hub" } }), false);
  });

  it("become those of an operation that failed, and keep the rest to the digit", () => {
    const { metadata, data } = asFailed(record(2, "pending-upgrade")) as HelmRecord;
    assert.deepEqual(metadata, { resourceVersion: "20", labels: { status: "failed" } });
    assert.deepEqual(data, record(2, "failed").data);
  });

  it("tell what a release consists of, without what its chart keeps", () => {
    assert.deepEqual(objectsOf(record(1, "failed")), [
      { apiVersion: "v1", kind: "Service", name: "hub", namespace: "lab" },
      { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", name: "hub", namespace: "lab" },
    ]);
  });
});

describe("ReleaseUnlocked", () => {
  let plugin: Plugin;
  let server: HttpsServer;
  let records: HelmRecord[];
  /** By path. */
  let objects: Set<string>;
  let isDown: boolean;
  before(async () => {
    plugin = await startPlugin(provider);
    server = await httpsServer((request, response) => void answer(request, response));
  });
  after(async () => {
    await server.close();
    await plugin.stop();
  });
  beforeEach(() => {
    records = [];
    objects = new Set();
    isDown = false;
  });

  const kinds: Record<string, object[]> = {
    "/api/v1": [
      { name: "secrets", kind: "Secret", namespaced: true },
      { name: "services", kind: "Service", namespaced: true },
    ],
    "/apis/rbac.authorization.k8s.io/v1": [{ name: "clusterroles", kind: "ClusterRole", namespaced: false }],
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const say = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    const { method, url } = request;
    const { pathname, searchParams } = new URL(url!, "https://localhost");
    if (isDown) return say(503, { message: "etcd has no leader" });
    if (kinds[pathname]) return say(200, { resources: kinds[pathname] });
    const secrets = "/api/v1/namespaces/lab/secrets";
    if (pathname === secrets) {
      assert.equal(searchParams.get("labelSelector"), "owner=helm,name=hub");
      return say(200, { items: records });
    }
    const found = records.find(({ metadata }) => pathname === `${secrets}/${metadata.name}`);
    if (method === "PATCH") {
      const { metadata, data } = JSON.parse(await text(request)) as KubernetesObject & { data: { release: string } };
      if (metadata.resourceVersion !== found!.metadata.resourceVersion) return say(409, { reason: "Conflict" });
      Object.assign(found!.metadata.labels!, metadata.labels);
      found!.data = data;
      return say(200, found!);
    }
    if (method === "DELETE") {
      records = records.filter((each) => each !== found);
      return objects.delete(pathname) || found ? say(200, {}) : say(404, { reason: "NotFound" });
    }
    return say(404, { reason: "NotFound" });
  };

  const inputs = () => ({ kubeconfig: server.kubeconfig, namespace: "lab", name: "hub" });
  const program = () => ({ ...inputs(), kubeconfig: new Secret(server.kubeconfig) });
  const statuses = () => records.map(({ metadata }) => metadata.labels!["status"]);
  const destroy = async (context = testContext()) => {
    await releaseUnlocked.delete("lab/hub", { inputs: inputs(), outputs: { status: "unlocked" } }, context);
    return context.said.filter((line) => !line.startsWith("status"));
  };

  it("keeps the contract", () =>
    driveResource({ plugin, type, inputs: program(), replaced: { ...program(), name: "other" }, importable: false }));

  it("shows at the preview what cannot go on, and has it count as failed; twice it does nothing", async () => {
    records = [record(1, "deployed")];
    const resource = new EngineResource(plugin, type);
    assert.equal(await resource.up(program()), "create");
    assert.equal(await resource.up(program()), "same");
    records.push(record(2, "pending-upgrade"));
    const { changes } = await resource.diff((await resource.check(program())).inputs);
    assert.deepEqual(changes, { status: "update" });
    assert.deepEqual(statuses(), ["deployed", "pending-upgrade"], "a preview writes nothing");
    assert.equal(await resource.up(program()), "update");
    assert.deepEqual(statuses(), ["deployed", "failed"]);
    assert.deepEqual(records[1]!.data, record(2, "failed").data);
    assert.equal(await resource.up(program()), "same");
  });

  it("finds one that was there before it, and leaves an operation by hand alone", async () => {
    records = [record(1, "pending-install")];
    const context = testContext();
    await releaseUnlocked.create(inputs(), context);
    assert.match(context.said.join(), /info: the Helm release lab\/hub, revision 1, was "pending-install" without/);
    records = [record(1, "pending-install", "helm")];
    await releaseUnlocked.create(inputs(), testContext());
    assert.deepEqual(statuses(), ["pending-install"]);
  });

  it("has changed nothing where the cluster does not answer a preview", async () => {
    isDown = true;
    const state = { inputs: inputs(), outputs: { status: "unlocked" as const } };
    assert.deepEqual(await releaseUnlocked.drifted!(state, testContext(), state.inputs), []);
  });

  const begun = ["/api/v1/namespaces/lab/services/hub", "/apis/rbac.authorization.k8s.io/v1/clusterroles/hub"];
  it("takes down at a destroy what an installation left that nobody knows", async () => {
    records = [record(1, "failed"), record(2, "pending-install")];
    objects = new Set([...begun, "/api/v1/namespaces/other/services/kept"]);
    assert.deepEqual(await destroy(), ["info: an installation that had not ended was taken down, with 2 objects"]);
    assert.deepEqual([...objects], ["/api/v1/namespaces/other/services/kept"]);
    assert.deepEqual(records, []);
    assert.deepEqual(await destroy(), []);
  });

  it("leaves at a destroy what works, and what somebody installed by hand", async () => {
    for (const left of [[record(1, "deployed"), record(2, "failed")], [record(1, "failed", "helm")]]) {
      records = left;
      objects = new Set(begun);
      assert.deepEqual(await destroy(), []);
      assert.equal(records.length, left.length);
      assert.equal(objects.size, 2);
    }
  });

  it("holds no destroy back where the cluster says nothing", async () => {
    isDown = true;
    const [warning] = await destroy(testContext({ timeoutMs: 300 }));
    assert.match(
      warning!,
      /^warn: .*etcd has no leader.* Whether something of the Helm release lab\/hub stays cannot be told$/,
    );
  });
});
