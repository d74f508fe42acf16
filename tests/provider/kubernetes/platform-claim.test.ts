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
}

/** An API server of the one ConfigMap. */
async function markable(): Promise<Markable> {
  const server = await httpsServer((request, response) => {
    const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    const { method, url } = request;
    if (url === "/api/v1")
      return answer(200, { resources: [{ name: "configmaps", kind: "ConfigMap", namespaced: true }] });
    if (method === "POST")
      return void text(request).then((body) => {
        if (own.mark !== undefined) return answer(409, { reason: "AlreadyExists" });
        own.mark = JSON.parse(body) as KubernetesObject;
        own.mark.metadata.uid = randomUUID();
        return own.answersLost-- > 0 ? response.destroy() : answer(201, own.mark);
      });
    const found = own.mark;
    if (found === undefined) return answer(404, { reason: "NotFound" });
    if (method === "DELETE") own.mark = undefined;
    answer(200, found);
  });
  const own: Markable = Object.assign(server, { mark: undefined, answersLost: 0 });
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
    assert.deepEqual(outputs, { owner: context.urn });
    await platformClaim.delete("m", { inputs: given, outputs: { owner: "somebody" } }, context);
    assert.ok(cluster.mark);
    assert.equal(await platformClaim.read("m", { inputs: given, outputs: { owner: "somebody" } }, context), undefined);
    await platformClaim.delete("m", { inputs: given, outputs }, context);
    assert.equal(cluster.mark, undefined);
  });

  it("takes its mark out of the cluster that was meant before, and keeps it in one that has another address", async () => {
    const claim = new EngineResource(plugin, type);
    await claim.up(inputs("Modelplane"));
    const made = cluster.mark;
    await claim.up({
      ...inputs("Modelplane"),
      kubeconfig: new Secret(cluster.kubeconfig.replace("127.0.0.1", "localhost")),
    });
    assert.equal(cluster.mark, made);
    const other = await markable();
    try {
      await claim.up({ ...inputs("Modelplane"), kubeconfig: new Secret(other.kubeconfig) });
      assert.deepEqual([cluster.mark, other.mark?.["data"]], [undefined, made!["data"]]);
    } finally {
      await other.close();
    }
    await claim.up(inputs("Modelplane"));
    assert.match(
      plugin.messages.at(-1)!.message,
      /whether the mark of Modelplane is still in the cluster at https:\S+ is not known: .*ECONNREFUSED/,
    );
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
