/** A platform, or the cluster that a control plane runs in, which goes away while `up` waits for it. */
import assert from "node:assert/strict";
import { kubeconfigSecret } from "../../../provider/kubernetes/handlers/kubeconfig-secret";
import { nodesReady } from "../../../provider/kubernetes/handlers/nodes-ready";
import { objectReady } from "../../../provider/kubernetes/handlers/object-ready";
import { PartialFailure, type ResourceContext } from "../../../provider/server/resource";
import { parseKubeconfig, renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { moveClock } from "../../moved-clock";
import { testContext } from "./context";
import { httpsServer, type HttpsServer } from "./https-server";

/** Its authority is whose certificate another server has. */
const inTenant = (of: string) =>
  renderKubeconfig({
    clusterName: "search",
    endpoint: "https://192.0.2.7",
    certificateAuthority: parseKubeconfig(of).certificateAuthority,
    credentials: { token: "T" },
  });
const kinds: Record<string, object[]> = {
  "/api/v1": [
    { name: "nodes", kind: "Node", namespaced: false },
    { name: "pods", kind: "Pod", namespaced: true },
    { name: "events", kind: "Event", namespaced: true },
    { name: "secrets", kind: "Secret", namespaced: true },
  ],
  "/apis/management.loft.sh/v1": [{ name: "nodeclaims", kind: "NodeClaim", namespaced: true }],
  ...Object.fromEntries(
    Object.entries({
      "cluster.x-k8s.io": ["Machine", "MachineDeployment"],
      "controlplane.cluster.x-k8s.io": ["KubeadmControlPlane"],
      "infrastructure.cluster.x-k8s.io": ["Metal3Machine"],
      "bootstrap.cluster.x-k8s.io": ["KubeadmConfig"],
    }).map(([group, own]) => [
      `/apis/${group}/v1beta2`,
      own.map((kind) => ({ name: `${kind.toLowerCase()}s`, kind, namespaced: true })),
    ]),
  ),
  "/apis/metal3.io/v1alpha1": [{ name: "baremetalhosts", kind: "BareMetalHost", namespaced: true }],
};

describe("A platform that goes away during `up`", () => {
  const realDate = Date;
  let platform: HttpsServer;
  let tenant: HttpsServer;
  /** What the platform's API server has; undefined: it is away. */
  let objects: Record<string, object> | undefined;
  let nodes: object[];
  let dropped: () => void;

  const answering = (found: (path: string) => object | undefined) =>
    httpsServer((request, response) => {
      const path = request.url!.split("?")[0]!;
      const body = kinds[path] ? { resources: kinds[path] } : found(path);
      if (body === undefined) return response.writeHead(404).end(JSON.stringify({ reason: "NotFound" }));
      response.end(JSON.stringify(body));
    });

  before(async () => {
    platform = await answering((path) => objects?.[path] ?? (/s$/.test(path) ? { items: [] } : undefined));
    platform.server.prependListener("request", (request) => {
      if (objects !== undefined) return;
      request.socket.destroy();
      dropped();
    });
    tenant = await answering((path) => {
      if (path !== "/api/v1/nodes") return undefined;
      // So that it is asked at once what keeps nodes away.
      moveClock(16_000);
      return { items: nodes };
    });
  });
  after(async () => {
    await platform.close();
    await tenant.close();
  });
  beforeEach(() => {
    [objects, nodes, dropped] = [{}, [], () => void moveClock(121_000)];
  });
  afterEach(() => {
    globalThis.Date = realDate;
  });

  const secretAt = "/api/v1/namespaces/search/secrets/vc-search";
  const hostAt = "/apis/metal3.io/v1alpha1/namespaces/metal3/baremetalhosts/gpu-01";
  const host = (state: string) => ({
    apiVersion: "metal3.io/v1alpha1",
    kind: "BareMetalHost",
    metadata: { name: "gpu-01", namespace: "metal3", uid: "u" },
    status: { provisioning: { state } },
  });
  const node = {
    metadata: { name: "one", labels: { "gpu-clusters/node-group": "gpu" } },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
  const isThere = () => {
    nodes = [node];
    objects = {
      [secretAt]: { metadata: { name: "vc-search" }, data: { config: btoa(inTenant(platform.kubeconfig)) } },
      [hostAt]: host("available"),
    };
  };
  const waits: Record<string, (more: { timeoutSeconds?: number }, context: ResourceContext) => Promise<object>> = {
    "the kubeconfig of the control plane": async (more, context) => {
      const inputs = { namespace: "search", name: "vc-search", clusterName: "search" };
      return kubeconfigSecret.create({ ...inputs, kubeconfig: platform.kubeconfig, ...more }, context);
    },
    "a host": async (more, context) => {
      const inputs = { apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost", namespace: "metal3", name: "gpu-01" };
      const expected = { "status.provisioning.state": ["available"] };
      const all = { ...inputs, kubeconfig: platform.kubeconfig, conditions: [], expected, deletes: true, ...more };
      return objectReady.create(all, context);
    },
    "nodes that the platform claims": async (more, context) => {
      const { kubeconfig } = platform;
      const claims = { kubeconfig, clusterName: "search", project: "default", hostNamespace: "metal3" };
      const nodeGroups = [{ name: "gpu", minSize: 1 }];
      const inputs = { kubeconfig: tenant.kubeconfig, controlPlaneNodes: 0, nodeGroups, claims };
      return nodesReady({}).create({ ...inputs, ...more }, context);
    },
  };

  for (const [what, wait] of Object.entries(waits)) {
    it(`${what}: ends after two minutes of silence with what to do, and the next one goes on`, async () => {
      objects = { [hostAt]: host("inspecting") };
      const context = testContext();
      // It has been seen before it goes.
      context.log.status = () => void (objects = undefined);
      await assert.rejects(
        wait({}, context),
        /its API server at https:\S+ has not answered this computer for two minutes: .*`pulumi up` goes on once it answers/,
      );
      isThere();
      assert.ok(await wait({}, testContext()));
    });

    it(`${what}: is no longer waited for than it was told, and not once the user interrupts`, async () => {
      objects = undefined;
      dropped = () => undefined;
      await assert.rejects(
        wait({ timeoutSeconds: 1 }, testContext()),
        /has not answered this computer for 1 s: |its machines cannot be read: /,
      );
      const interrupted = new AbortController();
      const context = testContext({ signal: interrupted.signal });
      context.log.status = () => interrupted.abort(new Error("interrupted"));
      await assert.rejects(wait({}, context), /interrupted|aborted/);
    });
  }

  it("ends after two minutes while Cluster API is to exchange machines, and the next one waits until it has seen the change", async () => {
    const claims = { kubeconfig: platform.kubeconfig, clusterName: "search", hostNamespace: "metal3" };
    const nodeGroups = [{ name: "gpu", minSize: 1 }];
    const inputs = { kubeconfig: tenant.kubeconfig, controlPlaneNodes: 0, nodeGroups, claims };
    [objects, nodes] = [undefined, [node]];
    await assert.rejects(
      nodesReady({}).create(inputs, testContext()),
      /the cluster's machines cannot be asked: .*for two minutes: .*`pulumi up` goes on once it answers/,
    );
    const deployments = "/apis/cluster.x-k8s.io/v1beta2/namespaces/metal3/machinedeployments";
    const seen = (observedGeneration: number) => ({
      metadata: { name: "search-gpu", generation: 2 },
      spec: { clusterName: "search", replicas: 0 },
      status: { observedGeneration },
    });
    objects = { [deployments]: { items: [seen(1)] } };
    const context = testContext();
    const told: string[] = [];
    context.log.status = (text) => {
      told.push(text);
      objects = { [deployments]: { items: [seen(2)] } };
    };
    assert.ok(await nodesReady({}).create(inputs, context));
    assert.match(told.join("\n"), /MachineDeployment search-gpu: its controller has not seen the last change yet/);
  });

  it("keeps a host that was seen, for whoever deletes it", async () => {
    objects = { [hostAt]: host("inspecting") };
    const context = testContext();
    context.log.status = () => void (objects = undefined);
    await assert.rejects(waits["a host"]!({}, context), (error) => {
      assert.ok(error instanceof PartialFailure);
      return error.id === "BareMetalHost/metal3/gpu-01" && (error.outputs as { uid: string }).uid === "u";
    });
  });
});
