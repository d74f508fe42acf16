import assert from "node:assert/strict";
import { provider } from "../../../plugin/provider";
import { platformClaim } from "../../../provider/kubernetes/handlers/platform-claim";
import { driveResource, EngineResource, Secret, startPlugin, type Plugin } from "../server/harness";
import { testContext } from "./context";
import { httpsServer, type HttpsServer } from "./https-server";

const type = "gpu-clusters:kubernetes:PlatformClaim";

describe("PlatformClaim", () => {
  let plugin: Plugin;
  let server: HttpsServer;
  let mark: { data: Record<string, string> } | undefined;
  let answersLost = 0;
  before(async () => {
    plugin = await startPlugin(provider);
  });
  after(() => plugin.stop());
  beforeEach(async () => {
    mark = undefined;
    answersLost = 0;
    server = await httpsServer((request, response) => {
      const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
      const { method, url } = request;
      if (url === "/api/v1")
        return answer(200, { resources: [{ name: "configmaps", kind: "ConfigMap", namespaced: true }] });
      if (method === "POST") {
        let text = "";
        return void request
          .on("data", (chunk) => (text += String(chunk)))
          .on("end", () => {
            if (mark !== undefined) return answer(409, { reason: "AlreadyExists" });
            mark = JSON.parse(text) as typeof mark;
            return answersLost-- > 0 ? response.destroy() : answer(201, mark!);
          });
      }
      if (mark === undefined) return answer(404, { reason: "NotFound" });
      const found = mark;
      if (method === "DELETE") mark = undefined;
      answer(200, found);
    });
  });
  afterEach(() => server.close());

  const inputs = (platform: string) => ({ kubeconfig: new Secret(server.kubeconfig), platform });

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
      platformClaim.create({ kubeconfig: server.kubeconfig, platform: "Michelangelo" }, testContext()),
      /registered with Modelplane already/,
    );
    assert.equal(mark!.data["platform"], "Modelplane");
  });

  it("knows its own mark again when the answer was lost, and takes no other's away", async () => {
    answersLost = 1;
    const context = testContext();
    const given = { kubeconfig: server.kubeconfig, platform: "Modelplane" as const };
    const { outputs } = await platformClaim.create(given, context);
    assert.deepEqual(outputs, { owner: context.urn });
    await platformClaim.delete("m", { inputs: given, outputs: { owner: "somebody" } }, context);
    assert.ok(mark);
    assert.equal(await platformClaim.read("m", { inputs: given, outputs: { owner: "somebody" } }, context), undefined);
    await platformClaim.delete("m", { inputs: given, outputs }, context);
    assert.equal(mark, undefined);
  });

  it("ends in time where the cluster is away, and a refresh forgives it", async () => {
    await server.close();
    const context = testContext({ timeoutMs: 500 });
    const given = { kubeconfig: server.kubeconfig, platform: "Modelplane" as const };
    const state = { inputs: given, outputs: { owner: context.urn } };
    assert.deepEqual(await platformClaim.check!(given, context), []);
    await assert.rejects(platformClaim.create(given, context), /was not done after 1 s: .*ECONNREFUSED/);
    await assert.rejects(platformClaim.delete("m", state, context), /was not done/);
    assert.equal(await platformClaim.read("m", state, context), state);
    assert.match(context.said.at(-1)!, /^warn: the cluster does not answer/);
    server = await httpsServer(() => {});
  });
});
