import assert from "node:assert/strict";
import { deploymentStopped } from "../../../provider/kubernetes/handlers/deployment-stopped";
import { testContext } from "./context";
import { httpsServer, type HttpsServer } from "./https-server";

const place = "/apis/apps/v1/namespaces/kube-system/deployments/scaler";

describe("a Deployment that must have stopped", () => {
  let server: HttpsServer;
  let isThere: boolean;
  /** Answers to looks at its pods, the last one again and again. */
  let looks: (string[] | number)[];
  let deletions: number;
  before(async () => {
    server = await httpsServer(({ url = "", method }, response) => {
      const say = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
      const served = (name: string, kind: string) => say(200, { resources: [{ name, kind, namespaced: true }] });
      if (url === "/api/v1") return served("pods", "Pod");
      if (url === "/apis/apps/v1") return served("deployments", "Deployment");
      if (url.startsWith(place)) {
        if (method === "DELETE") deletions++;
        if (!isThere) return say(404, { reason: "NotFound" });
        if (method === "DELETE") isThere = false;
        return say(200, { metadata: { name: "scaler" } });
      }
      assert.match(url, /^\/api\/v1\/namespaces\/kube-system\/pods\?.*labelSelector=app%3Dscaler/);
      const look = looks.length > 1 ? looks.shift()! : looks[0]!;
      if (typeof look === "number") return say(look, { message: "overloaded" });
      return say(200, { items: look.map((name) => ({ metadata: { name } })) });
    });
  });
  after(() => server.close());
  beforeEach(() => {
    [isThere, looks, deletions] = [true, [[]], 0];
  });

  const inputs = () => ({
    kubeconfig: server.kubeconfig,
    namespace: "kube-system",
    name: "scaler",
    labelSelector: "app=scaler",
  });
  const destroy = (context = testContext()) =>
    deploymentStopped.delete("kube-system/scaler", { inputs: inputs(), outputs: { status: "running" } }, context);
  const warnings = (said: string[]) => said.filter((each) => each.startsWith("warn"));

  it("is deleted, and its pods are waited for while the API server stutters", async () => {
    looks = [["scaler-1", "scaler-2"], 503, ["scaler-2"], []];
    const context = testContext();
    await destroy(context);
    assert.deepEqual([isThere, looks.length, warnings(context.said)], [false, 1, []]);
  });

  it("is fine where it is gone", async () => {
    isThere = false;
    const context = testContext();
    await destroy(context);
    assert.deepEqual([deletions, warnings(context.said)], [1, []]);
  });

  it("holds nothing back where pods do not end, or the cluster cannot be asked, which is told", async () => {
    looks = [["scaler-1"]];
    const stuck = testContext({ timeoutMs: 300 });
    await destroy(stuck);
    assert.match(
      warnings(stuck.said).join(),
      /^warn: .*scaler-1 has not ended\. Whether scaler still runs cannot be told/,
    );
    looks = [403];
    const refused = testContext({ timeoutMs: 300 });
    await destroy(refused);
    assert.match(warnings(refused.said).join(), /^warn: .*overloaded.* Whether scaler still runs cannot be told/);
  });

  it("ends with ^C", async () => {
    looks = [["scaler-1"]];
    const stop = new AbortController();
    const deletion = destroy(testContext({ signal: stop.signal }));
    stop.abort(new Error("interrupted"));
    await assert.rejects(Promise.resolve(deletion), /interrupted/);
  });

  it("must be there when it is made, or the way out is told", async () => {
    const made = await deploymentStopped.create(inputs(), testContext());
    assert.deepEqual(made, { id: "kube-system/scaler", outputs: { status: "running" } });
    isThere = false;
    await assert.rejects(
      Promise.resolve(deploymentStopped.create(inputs(), testContext())),
      /^Error: the Deployment kube-system\/scaler is not there, contrary to the state: pulumi up --refresh makes it again$/,
    );
  });
});
