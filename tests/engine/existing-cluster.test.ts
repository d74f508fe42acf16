/** A cluster that somebody else made, whose kubeconfig becomes another, and which is away. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { KubernetesApi } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { wayTo } from "../provider/michelangelo/scene";
import { EngineEnvironment } from "./environment";
import { forgottenWhole } from "./gone-for-good";
import type { EngineStack } from "./stack";

const account = { apiVersion: "v1", kind: "ServiceAccount", namespace: "kube-system", name: "ci" };

describe("an existing cluster on the engine", function () {
  this.timeout(1_200_000);
  let server: TestControlPlane;
  let api: KubernetesApi;
  let environment: EngineEnvironment;

  before(async () => {
    server = await controlPlane([
      "serviceaccount-token-controller",
      "namespace-controller",
      "garbage-collector-controller",
    ]);
    api = kubernetesApi(await server.kubeconfig("system:masters"));
    environment = await EngineEnvironment.start({ machines: false });
  });
  after(async () => {
    await environment?.stop();
    await server?.close();
  });

  const give = (stack: EngineStack, kubeconfig: string) => stack.setSecret("existing-cluster:kubeconfig", kubeconfig);
  const stackOf = async (kubeconfig: string) => {
    const stack = await environment.stack({}, { program: join(__dirname, "..", "..", "examples", "existing-cluster") });
    await give(stack, kubeconfig);
    return stack;
  };
  /** The same cluster as somebody else would write it down. */
  const otherwise = (kubeconfig: string, cluster: object) => {
    const document = parse(kubeconfig) as { clusters: { cluster: object }[] };
    Object.assign(document.clusters[0]!.cluster, cluster);
    return stringify(document);
  };

  it("is the same by another kubeconfig: nothing that hangs on it is replaced", async () => {
    const ways = [
      await wayTo(await server.kubeconfig("system:masters")),
      await wayTo(await server.kubeconfig("system:masters")),
    ];
    try {
      const stack = await stackOf(ways[0]!.kubeconfig);
      const up = await stack.up();
      assert.ok(up.ok, up.text);
      const { uid } = (await api.read(account))!.metadata;
      const { kubeconfig: before } = await stack.outputs();

      const other = otherwise(ways[1]!.kubeconfig, { "tls-server-name": "kubernetes" });
      // Its context and its user have other names, too.
      await give(stack, other.replace(/: test$/gm, ": production"));
      ways[0]!.close();
      const foretold = await stack.preview();
      assert.deepEqual(
        foretold.filter(({ op }) => op !== "update").map(({ op, urn }) => `${op} ${urn}`),
        [],
      );
      const rotated = await stack.up();
      assert.ok(rotated.ok, rotated.text);
      assert.deepEqual(
        [rotated.changes["replace"], rotated.changes["delete"], rotated.changes["create"]],
        [undefined, undefined, undefined],
      );
      assert.equal((await api.read(account))!.metadata.uid, uid);
      const { kubeconfig: after } = await stack.outputs();
      const [then, now] = [before, after].map((text) => parseKubeconfig(text as string));
      assert.deepEqual(now!.credentials, then!.credentials, "CI keeps its token");
      assert.notEqual(now!.endpoint, then!.endpoint);
      assert.deepEqual(await stack.preview(), []);

      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
      assert.equal(await api.read(account), undefined);
    } finally {
      for (const way of ways) way.close();
    }
  });

  it("is told at each operation when it is away, and goes on once it answers, or is forgotten where it is gone for good", async () => {
    const way = await wayTo(await server.kubeconfig("system:masters"));
    try {
      const stack = await stackOf(way.kubeconfig);
      const up = await stack.up();
      assert.ok(up.ok, up.text);
      way.close();
      const refreshed = await stack.refresh();
      assert.match(refreshed.text, /the cluster does not answer, its version is taken from the state/);
      const held = await stack.destroy();
      assert.ok(!held.ok);
      assert.match(held.text, /unreachable/);
      assert.ok(await api.read(account), "it is still there");
      await way.open();
      assert.deepEqual(await stack.preview(), [], "nothing was lost");
      way.close();
      await forgottenWhole(stack);
      await way.open();
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
      assert.equal(await api.read(account), undefined);
    } finally {
      way.close();
    }
  });

  it("is refused before anything is made where its kubeconfig cannot be used, and where this computer lacks what it names", async () => {
    const kubeconfig = await server.kubeconfig("system:masters");
    const broken = await stackOf(otherwise(kubeconfig, { "certificate-authority-data": "DATA+OMITTED" }));
    const refused = await broken.up();
    assert.ok(!refused.ok);
    assert.match(
      refused.text,
      /kubeconfig: context "test": its certificate-authority-data was left out by `kubectl config view`/,
    );
    const document = parse(kubeconfig) as { users: { user: object }[] };
    document.users[0]!.user = {
      exec: { apiVersion: "client.authentication.k8s.io/v1beta1", command: "gke-gcloud-auth-plugin-of-nobody" },
    };
    await give(broken, stringify(document));
    const lacking = await broken.up();
    assert.ok(!lacking.ok);
    assert.match(
      lacking.text,
      /credentials come from the command gke-gcloud-auth-plugin-of-nobody, which is not on this computer/,
    );
    assert.equal(await api.read(account), undefined);
  });
});
