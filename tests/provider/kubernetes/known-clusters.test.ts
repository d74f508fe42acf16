/** Kubeconfigs on the computer that uses them, and by what a cluster is known whatever they become. */
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { apiServerReady } from "../../../provider/kubernetes/handlers/api-server-ready";
import { currentEntries } from "../../../sdk/kubernetes/kubeconfig";
import { testContext } from "./context";
import { httpsServer, type HttpsServer } from "./https-server";

/** A cluster as far as it is looked at. */
async function clusterOf(uid: () => string | undefined, isUnwelcome = () => false): Promise<HttpsServer> {
  return httpsServer(({ url }, response) => {
    const answer = (body: object, status = 200) => response.writeHead(status).end(JSON.stringify(body));
    if (isUnwelcome()) return answer({ message: "Unauthorized", reason: "Unauthorized" }, 401);
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
  let refuse = false;
  before(async () => {
    first = await clusterOf(
      () => uid,
      () => refuse,
    );
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
    assert.deepEqual(state.outputs, { ready: true, version: "1.37.2", identity: "one", clusterUid: "one" });
    const inputs = {
      ...state.inputs,
      kubeconfig: edited(first.kubeconfig, { server: first.endpoint.replace("127.0.0.1", "localhost") }),
    };
    assert.deepEqual(await handler.foresee!(inputs, testContext(), state), state.outputs);
    assert.deepEqual(await handler.update!("test", inputs, state, testContext()), state.outputs);
  });

  it("stays where its kubeconfig has another context, and other credentials", async () => {
    const state = await made(first.kubeconfig);
    const user = { token: "ROTATED" };
    const renamed = edited(first.kubeconfig, {}, user).replace(/: test$/gm, ": production");
    const inputs = { ...state.inputs, kubeconfig: renamed };
    assert.deepEqual(await handler.update!("test", inputs, state, testContext()), state.outputs);
  });

  it("is another of another cluster, and what comes of it is told at the preview already", async () => {
    const state = await made(first.kubeconfig);
    const inputs = { ...state.inputs, kubeconfig: second.kubeconfig };
    const moved = { ...state.outputs, identity: "other", clusterUid: "other" };
    const [foretold, updated] = [testContext(), testContext()];
    assert.deepEqual(await handler.foresee!(inputs, foretold, state), moved);
    assert.deepEqual(await handler.update!("test", inputs, state, updated), moved);
    for (const { said } of [foretold, updated])
      assert.deepEqual(
        said.filter((line) => line.startsWith("warn")),
        [
          `warn: kubeconfig: leads to another cluster than before, at ${second.endpoint}: what this stack has put into the one at ${first.endpoint} ` +
            "is made in it, and then deleted in the old one",
        ],
      );
  });

  it("is refused of another cluster while the one before does not answer, or does not take the old credentials", async () => {
    const gone = await clusterOf(() => "gone");
    const state = await made(gone.kubeconfig);
    const inputs = { ...state.inputs, kubeconfig: second.kubeconfig };
    refuse = true;
    try {
      const unwelcome = { inputs: { ...state.inputs, kubeconfig: first.kubeconfig }, outputs: state.outputs };
      const refused =
        /at \S+ does not answer \(GET \/version: Unauthorized \(HTTP 401\)\), so that what this stack has put into that could not be deleted/;
      await assert.rejects(handler.update!("test", inputs, unwelcome, testContext()), refused);
    } finally {
      refuse = false;
      await gone.close();
    }
    const refusal =
      /^Error: kubeconfig: leads to another cluster than before, at \S+, and the one at \S+ does not answer \(.*\), so that .* could not be deleted\. If it is gone for good, `PULUMI_K8S_DELETE_UNREACHABLE=true pulumi up --refresh` forgets that/;
    await assert.rejects(handler.foresee!(inputs, testContext(), state), refusal);
    await assert.rejects(handler.update!("test", inputs, state, testContext()), refusal);
    process.env["PULUMI_K8S_DELETE_UNREACHABLE"] = "true";
    try {
      const context = testContext();
      assert.equal((await handler.update!("test", inputs, state, context)).identity, "other");
      assert.match(context.said.join(), /what this stack had put into that is forgotten, and made in the other/);
    } finally {
      delete process.env["PULUMI_K8S_DELETE_UNREACHABLE"];
    }
  });

  it("is refused where a cluster was made anew in the place of the old one, until a refresh has looked at what is in it", async () => {
    const state = await made(first.kubeconfig);
    assert.deepEqual(await handler.drifted!(state, testContext(), state.inputs), []);
    uid = "new";
    assert.deepEqual(await handler.drifted!(state, testContext(), state.inputs), ["clusterUid"]);
    const elsewhere = edited(first.kubeconfig, { server: first.endpoint.replace("127.0.0.1", "localhost") });
    const refusal =
      /^Error: kubeconfig: the cluster at \S+ is another one than before .*`pulumi up --refresh` finds what is missing/;
    // Also by an address to which the old one leads as well: what is made in it would be deleted by that.
    for (const kubeconfig of [first.kubeconfig, elsewhere, edited(first.kubeconfig, {}, { token: "OTHER" })]) {
      const inputs = { ...state.inputs, kubeconfig, timeoutSeconds: 6 };
      await assert.rejects(handler.foresee!(inputs, testContext(), state), refusal);
      await assert.rejects(handler.update!("test", inputs, state, testContext()), refusal);
    }
    const refreshed = (await handler.read("test", state, testContext()))!;
    assert.deepEqual(refreshed.outputs, { ...state.outputs, clusterUid: "new" }, "its provider stays");
    assert.deepEqual(await handler.drifted!(refreshed, testContext(), refreshed.inputs), []);
    const inputs = { ...state.inputs, kubeconfig: elsewhere };
    assert.deepEqual(await handler.update!("test", inputs, refreshed, testContext()), refreshed.outputs);
  });

  it("is known of a state that has its first uid alone", async () => {
    const { inputs, outputs } = await made(first.kubeconfig);
    const old = { inputs, outputs: { ready: outputs.ready, version: outputs.version, identity: "one" } };
    assert.deepEqual(await handler.drifted!(old, testContext(), old.inputs), []);
    assert.deepEqual((await handler.read("test", old, testContext()))!.outputs, outputs);
    uid = "new";
    assert.deepEqual(await handler.drifted!(old, testContext(), old.inputs), ["clusterUid"]);
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
    const known = { identity: "one", clusterUid: "one" };
    assert.deepEqual(await handler.foresee!(inputs, testContext(), undefined), known);
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
