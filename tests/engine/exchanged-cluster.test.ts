/** A kubeconfig that leads to another cluster than before: nothing is taken to be where it is not. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { KubernetesApi, ObjectReference } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { wayTo } from "../provider/michelangelo/scene";
import { EngineEnvironment } from "./environment";
import type { EngineStack } from "./stack";

const controllers = ["serviceaccount-token-controller", "namespace-controller", "garbage-collector-controller"];
const made: ObjectReference[] = [
  { apiVersion: "v1", kind: "ServiceAccount", namespace: "kube-system", name: "ci" },
  { apiVersion: "v1", kind: "Secret", namespace: "kube-system", name: "ci-token" },
  { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding", namespace: "default", name: "kube-system-ci" },
];

interface Cluster {
  kubeconfig: string;
  api: KubernetesApi;
}

describe("a cluster that is exchanged for another, on the engine", function () {
  this.timeout(1_200_000);
  const servers: TestControlPlane[] = [];
  const clusters: Cluster[] = [];
  let environment: EngineEnvironment;

  before(async () => {
    servers.push(await controlPlane(controllers));
    // The authority of the first is the second's too.
    servers.push(await controlPlane(controllers, {}, servers[0]!.ca));
    for (const server of servers) {
      const kubeconfig = await server.kubeconfig("system:masters");
      clusters.push({ kubeconfig, api: kubernetesApi(kubeconfig) });
    }
    environment = await EngineEnvironment.start({ machines: false });
  });
  after(async () => {
    await environment?.stop();
    for (const server of servers) await server.close();
  });

  const give = (stack: EngineStack, kubeconfig: string) => stack.setSecret("existing-cluster:kubeconfig", kubeconfig);
  const stackIn = async (kubeconfig: string) => {
    const stack = await environment.stack({}, { program: join(__dirname, "..", "..", "examples", "existing-cluster") });
    await give(stack, kubeconfig);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    return stack;
  };
  const found = async ({ api }: Cluster) => {
    const objects = await Promise.all(made.map((reference) => api.read(reference)));
    return objects.flatMap((object) => (object === undefined ? [] : [object.kind]));
  };
  const all = made.map(({ kind }) => kind);

  const pair = () => clusters as [Cluster, Cluster];

  it("puts all into the other and leaves nothing in the old one, which the preview tells", async () => {
    const [first, second] = pair();
    const stack = await stackIn(first.kubeconfig);
    await give(stack, second.kubeconfig);
    const foretold = await stack.say("preview", []);
    const told =
      /warning: kubeconfig: leads to another cluster than before, at \S+: what this stack has put into the one at \S+ is made in it, and then deleted in the old one/;
    assert.match(foretold.text, told);
    assert.deepEqual([await found(first), await found(second)], [all, []]);
    const moved = await stack.up();
    assert.ok(moved.ok, moved.text);
    assert.match(moved.text, told);
    assert.deepEqual([await found(first), await found(second)], [[], all]);
    assert.deepEqual(await stack.preview(), []);
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual(await found(second), []);
  });

  it("makes nothing in the other while the old one does not answer, until that is said to be gone", async () => {
    const [first, second] = pair();
    const way = await wayTo(first.kubeconfig);
    try {
      const stack = await stackIn(way.kubeconfig);
      way.close();
      await give(stack, second.kubeconfig);
      const refusal =
        /kubeconfig: leads to another cluster than before, at \S+, and the one at \S+ does not answer \(.*ECONNREFUSED.*\), so that .* could not be deleted/;
      for (const command of ["preview", "up"]) {
        const refused = await stack.say(command, []);
        assert.ok(!refused.ok);
        assert.match(refused.text, refusal);
      }
      assert.deepEqual(await found(second), []);
      const gone = await stack.say("up", ["--refresh"], { PULUMI_K8S_DELETE_UNREACHABLE: "true" });
      assert.ok(gone.ok, gone.text);
      assert.deepEqual(await found(second), all);
      assert.deepEqual(await stack.preview(), []);
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
    } finally {
      way.close();
      for (const reference of made) await first.api.delete(reference);
    }
  });

  it("is not taken for the old one where it stands in its place: a refresh sees what is missing, and all is made", async () => {
    const [first, second] = pair();
    const way = await wayTo(first.kubeconfig);
    try {
      const stack = await stackIn(way.kubeconfig);
      way.lead(second.kubeconfig);
      const refusal =
        /kubeconfig: the cluster at \S+ is another one than before .* `pulumi up --refresh` finds what is missing/;
      for (const command of ["preview", "up"]) {
        const refused = await stack.say(command, []);
        assert.ok(!refused.ok);
        assert.match(refused.text, refusal);
      }
      // By another address, too: the old one leads there as well, and would delete what was just made.
      await give(stack, second.kubeconfig);
      const elsewhere = await stack.up();
      assert.ok(!elsewhere.ok);
      assert.match(elsewhere.text, refusal);
      assert.deepEqual(await found(second), []);
      const refreshed = await stack.up("--refresh");
      assert.ok(refreshed.ok, refreshed.text);
      assert.deepEqual(await found(second), all);
      assert.deepEqual(await stack.preview(), []);
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
      assert.deepEqual(await found(second), []);
    } finally {
      way.close();
      for (const reference of made) await first.api.delete(reference);
    }
  });
});
