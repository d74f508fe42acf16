/** Kubeconfigs on the computer that uses them, and by what a cluster is known whatever they become. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { apiServerReady } from "../../../provider/kubernetes/handlers/api-server-ready";
import { currentEntries } from "../../../sdk/kubernetes/kubeconfig";
import { testContext } from "./context";
import { httpsServer, type HttpsServer } from "./https-server";

/** A cluster as far as it is looked at. */
async function clusterOf(uid: () => string | undefined): Promise<HttpsServer> {
  return httpsServer(({ url }, response) => {
    const answer = (body: object, status = 200) => response.writeHead(status).end(JSON.stringify(body));
    if (url === "/readyz") return response.end("ok");
    if (url === "/version") return answer({ gitVersion: "v1.37.2" });
    if (url === "/api/v1") return answer({ resources: [{ name: "namespaces", kind: "Namespace", namespaced: false }] });
    const known = uid();
    return known === undefined
      ? answer({ message: "forbidden", reason: "Forbidden" }, 403)
      : answer({ metadata: { uid: known } });
  });
}

/** The same with another entry of the cluster. */
function edited(kubeconfig: string, cluster: object, user?: object): string {
  const entries = currentEntries(kubeconfig);
  return stringify({
    clusters: [{ name: "test", cluster: { ...entries.cluster, ...cluster } }],
    users: [{ name: "test", user: user ?? entries.user }],
    contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
    "current-context": "test",
  });
}

describe("what an API server's cluster is known by", () => {
  let first: HttpsServer;
  let second: HttpsServer;
  let uid: string | undefined;
  before(async () => {
    first = await clusterOf(() => uid);
    second = await clusterOf(() => "other");
  });
  after(async () => {
    await first.close();
    await second.close();
  });
  beforeEach(() => {
    uid = "one";
  });
  const handler = apiServerReady({});
  const made = async (kubeconfig: string) => {
    const inputs = { kubeconfig, timeoutSeconds: 5 };
    const { outputs } = await handler.create(inputs, testContext());
    return { inputs, outputs };
  };

  it("stays under another address, and is foretold", async () => {
    const state = await made(first.kubeconfig);
    assert.deepEqual(state.outputs, { ready: true, version: "1.37.2", identity: "one" });
    const inputs = {
      ...state.inputs,
      kubeconfig: edited(first.kubeconfig, { server: first.endpoint.replace("127.0.0.1", "localhost") }),
    };
    assert.deepEqual(await handler.foresee!(inputs, testContext(), state), state.outputs);
    assert.deepEqual(await handler.update!("test", inputs, state, testContext()), state.outputs);
  });

  it("is another of another cluster, at the preview already", async () => {
    const state = await made(first.kubeconfig);
    const inputs = { ...state.inputs, kubeconfig: second.kubeconfig };
    const moved = { ...state.outputs, identity: "other" };
    assert.deepEqual(await handler.foresee!(inputs, testContext(), state), moved);
    assert.deepEqual(await handler.update!("test", inputs, state, testContext()), moved);
  });

  it("stays where a cluster is made anew in the place of the old one", async () => {
    const state = await made(first.kubeconfig);
    uid = "new";
    const inputs = { ...state.inputs, timeoutSeconds: 6 };
    assert.deepEqual(await handler.update!("test", inputs, state, testContext()), state.outputs);
    assert.deepEqual((await handler.read("test", state, testContext()))!.outputs, state.outputs);
  });

  it("is nothing where nobody may look, and comes with a refresh", async () => {
    uid = undefined;
    const state = await made(first.kubeconfig);
    assert.deepEqual(state.outputs, { ready: true, version: "1.37.2" });
    uid = "one";
    assert.equal((await handler.read("test", state, testContext()))!.outputs.identity, "one");
  });

  it("is known at the first preview where the cluster answers, and unknown where it does not", async () => {
    const inputs = { kubeconfig: first.kubeconfig };
    assert.deepEqual(await handler.foresee!(inputs, testContext(), undefined), { identity: "one" });
    const gone = await clusterOf(() => "gone");
    await gone.close();
    assert.deepEqual(await handler.foresee!({ kubeconfig: gone.kubeconfig }, testContext(), undefined), {});
  });
});

describe("a kubeconfig on this computer", () => {
  const said = async (user: object) => {
    const kubeconfig = stringify({
      clusters: [{ name: "c", cluster: { server: "https://192.0.2.1" } }],
      users: [{ name: "u", user }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    });
    const failures = await apiServerReady({}).check!({ kubeconfig }, testContext());
    return failures.map(({ property, reason }) => `${property}: ${reason}`);
  };
  const exec = { apiVersion: "client.authentication.k8s.io/v1", interactiveMode: "Never" };

  it("is refused where its files or its plugin are not there", async () => {
    assert.deepEqual(await said({ "client-certificate": "/nowhere/c.crt", "client-key": __filename }), [
      "kubeconfig: its client-certificate cannot be read on this computer: /nowhere/c.crt",
    ]);
    const installHint = "Install it by `gcloud components install`";
    assert.deepEqual(await said({ exec: { ...exec, command: "gke-gcloud-auth-plugin-of-nobody", installHint } }), [
      "kubeconfig: its credentials come from the command gke-gcloud-auth-plugin-of-nobody, which is not on this computer, in no folder of its PATH. " +
        installHint,
    ]);
    assert.deepEqual(await said({ exec: { ...exec, command: "/nowhere/aws" } }), [
      "kubeconfig: its credentials come from the command /nowhere/aws, which is not on this computer",
    ]);
  });

  it("is taken where they are", async () => {
    assert.deepEqual(await said({ exec: { ...exec, command: "node" } }), []);
    assert.deepEqual(await said({ exec: { ...exec, command: process.execPath } }), []);
    assert.deepEqual(await said({ tokenFile: __filename }), []);
  });
});
