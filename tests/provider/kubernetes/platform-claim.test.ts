import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { provider } from "../../../plugin/provider";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { platformClaim } from "../../../provider/kubernetes/handlers/platform-claim";
import { driveResource, EngineResource, Secret, startPlugin, type Plugin } from "../server/harness";
import { testContext } from "./context";
import { httpsServer, type HttpsServer } from "./https-server";

const type = "gpu-clusters:kubernetes:PlatformClaim";

interface Markable extends HttpsServer {
  mark: KubernetesObject | undefined;
  answersLost: number;
  /** Of kube-system; undefined: it may not be read. */
  uid: string | undefined;
  /** Namespaces to which nobody may write. */
  guarded: string[];
}

/** An API server of the one ConfigMap. */
async function markable(): Promise<Markable> {
  const server = await httpsServer((request, response) => {
    const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    const { method, url } = request;
    if (url === "/api/v1")
      return answer(200, {
        resources: [
          { name: "configmaps", kind: "ConfigMap", namespaced: true },
          { name: "namespaces", kind: "Namespace", namespaced: false },
        ],
      });
    if (url === "/api/v1/namespaces/kube-system") {
      const { uid } = own;
      return uid === undefined ? answer(403, { reason: "Forbidden" }) : answer(200, { metadata: { uid } });
    }
    if (method === "POST")
      return void text(request).then((body) => {
        if (own.guarded.some((namespace) => url!.includes(`/${namespace}/`)))
          return answer(403, { reason: "Forbidden", message: `${url} is managed` });
        if (own.mark !== undefined) return answer(409, { reason: "AlreadyExists" });
        own.mark = JSON.parse(body) as KubernetesObject;
        own.mark.metadata.uid = randomUUID();
        return own.answersLost-- > 0 ? response.destroy() : answer(201, own.mark);
      });
    const found = own.mark;
    if (!found || !url!.includes(`/${found.metadata.namespace}/`)) return answer(404, { reason: "NotFound" });
    if (method === "DELETE") own.mark = undefined;
    answer(200, found);
  });
  const own: Markable = Object.assign(server, {
    mark: undefined,
    answersLost: 0,
    uid: randomUUID(),
    guarded: [],
  });
  return own;
}

describe("PlatformClaim", () => {
  let plugin: Plugin;
  let cluster: Markable;
  before(async () => {
    plugin = await startPlugin(provider);
  });
  after(() => plugin.stop());
  beforeEach(async () => {
    cluster = await markable();
  });
  afterEach(() => cluster.close());

  const inputs = (platform: string) => ({ kubeconfig: new Secret(cluster.kubeconfig), platform });

  it("keeps the contract", () =>
    driveResource({ plugin, type, inputs: inputs("Modelplane"), replaced: inputs("Michelangelo"), importable: false }));

  it("is in another namespace where nobody may write to kube-system, and is found there by who may", async () => {
    cluster.guarded = ["kube-system"];
    const ours = new EngineResource(plugin, type, "autopilot");
    await ours.up(inputs("Michelangelo"));
    assert.equal(cluster.mark!.metadata.namespace, "default");
    assert.ok(await ours.refresh());
    cluster.guarded = [];
    const [refused] = (await new EngineResource(plugin, type, "second").check(inputs("Modelplane"))).failures;
    assert.match(refused!.reason, /registered with Michelangelo already/);
    await assert.rejects(
      platformClaim.create({ kubeconfig: cluster.kubeconfig, platform: "Modelplane" }, testContext()),
      /registered with Michelangelo already/,
    );
    await ours.destroy();
    assert.equal(cluster.mark, undefined);
    cluster.guarded = ["kube-system", "default"];
    await assert.rejects(
      platformClaim.create({ kubeconfig: cluster.kubeconfig, platform: "Modelplane" }, testContext({ timeoutMs: 500 })),
      /was not done after 1 s: .*kube-system\/configmaps is managed \(HTTP 403\)/,
    );
  });

  it("stays ours by another name of the resource", async () => {
    const it = new EngineResource(plugin, type, "train-claim");
    await it.up(inputs("Modelplane"));
    const renamed = new EngineResource(plugin, type, "renamed-claim");
    renamed.stored = it.stored;
    const renewed = { ...inputs("Modelplane"), kubeconfig: new Secret(`${cluster.kubeconfig}# renewed\n`) };
    assert.equal(await renamed.up(renewed), "update");
    assert.ok(await renamed.refresh());
    await renamed.destroy();
    assert.equal(cluster.mark, undefined);
  });

  it("refuses another platform, and a second registration with the same, at the preview already, with the reason", async () => {
    await new EngineResource(plugin, type, "first").up(inputs("Modelplane"));
    const second = new EngineResource(plugin, type, "second");
    const [other] = (await second.check(inputs("Michelangelo"))).failures;
    assert.equal(other!.property, "platform");
    assert.match(
      other!.reason,
      /registered with Modelplane already: Michelangelo asks for nvidia\.com\/gpu.*Modelplane hands GPUs out by DRA.*cluster of its own/,
    );
    const [same] = (await second.check(inputs("Modelplane"))).failures;
    assert.match(same!.reason, /Modelplane counts on being the only one/);
    await assert.rejects(
      platformClaim.create({ kubeconfig: cluster.kubeconfig, platform: "Michelangelo" }, testContext()),
      /registered with Modelplane already/,
    );
    assert.equal((cluster.mark!["data"] as { platform: string }).platform, "Modelplane");
  });

  it("knows its own mark again when the answer was lost, and takes no other's away", async () => {
    cluster.answersLost = 1;
    const context = testContext();
    const given = { kubeconfig: cluster.kubeconfig, platform: "Modelplane" as const };
    const { outputs } = await platformClaim.create(given, context);
    assert.deepEqual(outputs, { owner: context.urn, clusterUid: cluster.uid });
    assert.ok(!context.said.some((line) => /another backend/.test(line)));
    await platformClaim.create(given, context);
    assert.ok(
      context.said.some((line) =>
        /^warn: .*by a resource of this very name: .* a stack of the same name in another backend/.test(line),
      ),
    );
    await platformClaim.delete("m", { inputs: given, outputs: { owner: "somebody" } }, context);
    assert.ok(cluster.mark);
    assert.equal(await platformClaim.read("m", { inputs: given, outputs: { owner: "somebody" } }, context), undefined);
    await platformClaim.delete("m", { inputs: given, outputs }, context);
    assert.equal(cluster.mark, undefined);
  });

  it("refuses another cluster while the one before is there, and knows that one at another address", async () => {
    const claim = new EngineResource(plugin, type);
    await claim.up(inputs("Modelplane"));
    const made = cluster.mark;
    const renamed = cluster.kubeconfig.replace("127.0.0.1", "localhost");
    await claim.up({ ...inputs("Modelplane"), kubeconfig: new Secret(renamed) });
    assert.equal(cluster.mark, made);
    const other = await markable();
    try {
      const exchanged = { ...inputs("Modelplane"), kubeconfig: new Secret(other.kubeconfig) };
      const [failure] = (await claim.check(exchanged)).failures;
      assert.equal(failure!.property, "kubeconfig");
      assert.match(
        failure!.reason,
        /leads to another cluster, at https:\S+: the one that was registered, at https:\S+, is still there, and what the registration has put into it/,
      );
      const context = testContext();
      const state = {
        inputs: { kubeconfig: cluster.kubeconfig, platform: "Modelplane" as const },
        outputs: { owner: context.urn, clusterUid: cluster.uid! },
      };
      await assert.rejects(
        platformClaim.update!(
          "m",
          { ...state.inputs, kubeconfig: other.kubeconfig },
          state,
          context,
        ) as Promise<object>,
        /^Error: kubeconfig leads to another cluster/,
      );
      assert.deepEqual([cluster.mark, other.mark], [made, undefined]);
    } finally {
      await other.close();
    }
  });

  it("goes to the cluster that was made anew, at another address or at the same", async () => {
    const context = testContext();
    const given = { kubeconfig: cluster.kubeconfig, platform: "Modelplane" as const };
    const state = { inputs: given, outputs: { owner: context.urn, clusterUid: "of-the-old-one" } };
    const renamed = { ...given, kubeconfig: cluster.kubeconfig.replace("127.0.0.1", "localhost") };
    const same = await platformClaim.update!("m", renamed, state, context);
    assert.deepEqual(same, { owner: context.urn, clusterUid: cluster.uid });
    assert.match(
      context.said.at(-1)!,
      /^warn: the cluster at https:\S+ is gone; Modelplane gets the one that took its/,
    );
    const anew = await markable();
    await cluster.close();
    try {
      const moved = { ...given, kubeconfig: anew.kubeconfig };
      assert.deepEqual(await platformClaim.check!(moved, context, given), []);
      const outputs = await platformClaim.update!("m", moved, state, context);
      assert.deepEqual(outputs, { owner: context.urn, clusterUid: anew.uid });
    } finally {
      cluster = anew;
    }
  });

  it("does without the cluster's identity where that may not be read, and learns it later", async () => {
    const { uid } = cluster;
    cluster.uid = undefined;
    const context = testContext();
    const given = { kubeconfig: cluster.kubeconfig, platform: "Modelplane" as const };
    const { outputs } = await platformClaim.create(given, context);
    assert.deepEqual(outputs, { owner: context.urn });
    cluster.uid = uid;
    const read = await platformClaim.read("m", { inputs: given, outputs }, context);
    assert.deepEqual(read?.outputs, { owner: context.urn, clusterUid: uid });
  });

  it("ends in time where the cluster is away, and a refresh forgives it", async () => {
    await cluster.close();
    const context = testContext({ timeoutMs: 500 });
    const given = { kubeconfig: cluster.kubeconfig, platform: "Modelplane" as const };
    const state = { inputs: given, outputs: { owner: context.urn } };
    assert.deepEqual(await platformClaim.check!(given, context), []);
    await assert.rejects(platformClaim.create(given, context), /was not done after 1 s: .*ECONNREFUSED/);
    await assert.rejects(
      platformClaim.delete("m", state, context),
      /was not done after 1 s: .*ECONNREFUSED.*The mark stays; `pulumi destroy` goes on once it answers.*PULUMI_K8S_DELETE_UNREACHABLE=true/,
    );
    assert.equal(await platformClaim.read("m", state, context), state);
    assert.match(context.said.at(-1)!, /^warn: the cluster does not answer/);
    process.env.PULUMI_K8S_DELETE_UNREACHABLE = "true";
    try {
      await platformClaim.delete("m", state, context);
    } finally {
      delete process.env.PULUMI_K8S_DELETE_UNREACHABLE;
    }
    assert.match(context.said.at(-1)!, /^warn: .*The mark is forgotten/);
    cluster = await markable();
  });
});
