/** A token that an API server does not take: waiting makes no other of it. */
import assert from "node:assert/strict";
import { apiServerReady } from "../../../provider/kubernetes/handlers/api-server-ready";
import { inferenceRequirements } from "../../../provider/kubernetes/handlers/inference-requirements";
import { kubeconfigSecret } from "../../../provider/kubernetes/handlers/kubeconfig-secret";
import { nodesReady } from "../../../provider/kubernetes/handlers/nodes-ready";
import { platformClaim } from "../../../provider/kubernetes/handlers/platform-claim";
import { registration } from "../../../provider/michelangelo/handlers/registration";
import type { ResourceContext } from "../../../provider/server/resource";
import { parseKubeconfig, renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { moveClock } from "../../moved-clock";
import { testContext } from "./context";
import { httpsServer, type HttpsServer } from "./https-server";

describe("A token that the API server refuses", () => {
  const realDate = Date;
  let server: HttpsServer;
  /** How many requests are refused; then it answers `/readyz` and `/version`. */
  let refusals: number;
  let passed: number;

  before(async () => {
    server = await httpsServer(({ url }, response) => {
      if (passed++ >= refusals)
        return void (url === "/version"
          ? response.end(JSON.stringify({ gitVersion: "v1.36.2" }))
          : response.writeHead(url === "/readyz" ? 200 : 403).end("{}"));
      if (passed === 4) moveClock(21_000);
      response.writeHead(401).end(JSON.stringify({ message: "Unauthorized", reason: "Unauthorized" }));
    });
  });
  after(() => server.close());
  beforeEach(() => {
    [refusals, passed] = [Infinity, 0];
  });
  afterEach(() => {
    globalThis.Date = realDate;
  });

  const withToken = () => {
    const { certificateAuthority, endpoint, tlsServerName } = parseKubeconfig(server.kubeconfig);
    const credentials = { token: "opaque-words" };
    return renderKubeconfig({ clusterName: "test", endpoint, certificateAuthority, tlsServerName, credentials });
  };
  const waits: Record<string, (kubeconfig: string, context: ResourceContext) => Promise<object>> = {
    "an API server": async (kubeconfig, context) => apiServerReady({}).create({ kubeconfig }, context),
    nodes: async (kubeconfig, context) =>
      nodesReady({}).create({ kubeconfig, nodeGroups: [{ name: "gpu", minSize: 1 }] }, context),
    "a kubeconfig in it": async (kubeconfig, context) =>
      kubeconfigSecret.create({ kubeconfig, namespace: "search", name: "vc-search", clusterName: "search" }, context),
    "a platform's mark": async (kubeconfig, context) =>
      platformClaim.create({ kubeconfig, platform: "Modelplane" }, context),
    "Modelplane's requirements": async (kubeconfig, context) =>
      inferenceRequirements.create({ kubeconfig, pools: [] }, context),
    "Michelangelo's control plane": async (kubeconfig, context) =>
      registration.create({ kubeconfig, controlPlaneKubeconfig: kubeconfig, clusterName: "gpu-east" }, context),
  };
  for (const [what, wait] of Object.entries(waits))
    it(`ends the wait for ${what}, and says what it is`, async () => {
      const failure = await wait(withToken(), testContext({ timeoutMs: 45_000 })).then(
        () => assert.fail("it did not fail"),
        (error: Error) => error,
      );
      assert.ok(
        failure.message.startsWith(
          `the API server at ${server.endpoint} does not take the token in the kubeconfig: it has ended, was taken back, or is another cluster's (`,
        ),
        failure.message,
      );
      assert.match(failure.message, /HTTP 401/);
      assert.ok(!failure.message.includes("opaque-words"));
    }).timeout(30_000);

  it("is waited for a little, as one that was made just now", async () => {
    refusals = 2;
    const made = await apiServerReady({}).create({ kubeconfig: withToken() }, testContext());
    assert.equal((made.outputs as { version: string }).version, "1.36.2");
  });

  it("is no matter of certificates, which a machine takes once its clock is right", async () => {
    refusals = 5;
    const made = await apiServerReady({}).create({ kubeconfig: server.kubeconfig }, testContext());
    assert.equal((made.outputs as { version: string }).version, "1.36.2");
  });
});
