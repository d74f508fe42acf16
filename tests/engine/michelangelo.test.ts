import assert from "node:assert/strict";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { rayKinds } from "../../simulator/platforms/ray";
import { wayTo, type Scene } from "../provider/michelangelo/scene";
import { areBroughtBack, comeBack } from "./by-hand";
import { EngineEnvironment } from "./environment";
import { forgottenWhole } from "./gone-for-good";
import { assertHeldBack, holdsBack, loudDestroy, verboseRuns } from "./loud-runs";
import {
  asMichelangelo,
  entry,
  kubeconfigOf,
  leftInCompute,
  onCudo,
  onExisting,
  secretsShown,
  startMichelangelo,
  storageKey,
} from "./michelangelo";

const core = { apiVersion: "v1", namespace: "default" };

describe("clusters that are registered with Michelangelo", function () {
  this.timeout(1_800_000);
  let environment: EngineEnvironment;
  let michelangelo: Scene;
  before(async () => {
    environment = await EngineEnvironment.start({ machines: true });
    michelangelo = await startMichelangelo();
  });
  after(async () => {
    await michelangelo.close();
    await environment.stop();
  });

  it("cudo-michelangelo goes on once the operator is there, and leaves nothing on either side", async () => {
    const stack = await onCudo(environment, michelangelo);
    const early = await stack.up();
    assert.match(
      early.text,
      /the compute cluster has no kind rayclusters\.ray\.io: KubeRay's operator is not installed/,
    );
    const kubeconfig = await kubeconfigOf(stack);
    const compute = kubernetesApi(kubeconfig);
    for (const kind of rayKinds) await compute.apply(kind, { fieldManager: "tests" });

    const up = await stack.say("up", ["--json", "--debug"]);
    assert.ok(up.ok, up.text);
    const { apiServer, status } = await stack.outputs();
    assert.deepEqual([apiServer, status], [parseKubeconfig(kubeconfig).endpoint, "ready"]);
    assert.deepEqual(await stack.preview(), [], "a second preview shows no changes");
    assert.deepEqual(await michelangelo.left(), [
      "Cluster train",
      "Secret cluster-train-ca-data",
      "Secret cluster-train-client-token",
    ]);

    const token = await entry(michelangelo, "cluster-train-client-token", "token");
    const own = await asMichelangelo(michelangelo, apiServer as string);
    const job = { apiVersion: "ray.io/v1", kind: "RayJob", metadata: { name: "hello", namespace: "default" } };
    await own.create({ ...job, spec: {} });
    await assert.rejects(own.list({ apiVersion: "v1", kind: "Secret", namespace: "default" }), /forbidden/);

    assert.deepEqual(await secretsShown(stack, [early, up], [token, storageKey]), []);
    assert.ok(!(await stack.state(true)).includes(token), "the token is not in the state at all");
    assertHeldBack("up", up, [token, storageKey, kubeconfig]);
    // The engine logs what passes through it; the token, by which Michelangelo acts, does not.
    await holdsBack(stack, verboseRuns, [token]);
    // Michelangelo has the old token in memory, and is restarted.
    await comeBack(stack, compute, [
      { ...core, kind: "Secret", name: "ray-manager-token" },
      { ...core, kind: "ServiceAccount", name: "ray-manager" },
    ]);
    await holdsBack(stack, [loudDestroy], [token, storageKey, kubeconfig]);
    assert.deepEqual(await michelangelo.left(), []);
    const { cudo, machines } = await environment.simulator.state();
    assert.deepEqual([cudo.vms, machines], [[], []]);
  });

  it("existing-michelangelo registers a cluster by its kubeconfig, refuses it to a second program, and leaves it as it was", async () => {
    await michelangelo.have(...rayKinds);
    await michelangelo.restartManager();
    const stack = await onExisting(environment, michelangelo);
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    assert.deepEqual(await stack.outputs(), { clusterName: "shared-gpus", status: "ready" });
    assert.deepEqual(await stack.preview(), []);
    assert.deepEqual(await secretsShown(stack, [up]), []);
    const second = await onExisting(environment, michelangelo, { name: "second" });
    const refused = await second.up();
    assert.match(refused.text, /the cluster is registered with Michelangelo already/);
    assert.ok((await second.destroy()).ok);
    assert.ok((await michelangelo.left()).includes("Cluster shared-gpus"));

    const { api } = michelangelo;
    const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
    const cluster = { apiVersion: "michelangelo.api/v2", kind: "Cluster" };
    await areBroughtBack(stack, api, [
      { ...rbac, kind: "ClusterRole", metadata: { name: "ray-manager" }, rules: [] },
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "michelangelo-config", namespace: "default" },
        data: { MA_FILE_SYSTEM: "s3://others" },
      },
      {
        ...cluster,
        metadata: { name: "shared-gpus", namespace: "ma-system" },
        spec: { kubernetes: { rest: { port: "1" } } },
      },
    ]);
    await comeBack(stack, api, [
      { ...core, kind: "ConfigMap", name: "michelangelo-config" },
      { ...rbac, kind: "ClusterRoleBinding", name: "ray-manager-binding" },
      { ...core, kind: "Secret", name: "cluster-shared-gpus-ca-data" },
      { ...core, kind: "Secret", name: "cluster-shared-gpus-client-token" },
      { ...core, namespace: "kube-system", kind: "ConfigMap", name: "gpu-clusters-platform" },
      { ...cluster, namespace: "ma-system", name: "shared-gpus" },
    ]);

    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual([await michelangelo.left(), await leftInCompute(michelangelo.api)], [[], []]);
  });

  it("existing-michelangelo says at each operation what a control plane that is away means, and goes on once it answers", async () => {
    await michelangelo.have(...rayKinds);
    await michelangelo.restartManager();
    const way = await wayTo(michelangelo.kubeconfig);
    try {
      const stack = await onExisting(environment, michelangelo, { controlPlane: way.kubeconfig });
      way.close();
      const early = await stack.up();
      assert.ok(!early.ok);
      assert.match(
        early.text,
        /the API server at https:\/\/127\.0\.0\.1:\d+ was not ready after 120 s; .*Look whether `kubectl --context ma get --raw \/readyz`/s,
      );
      assert.deepEqual(await michelangelo.left(), []);
      await way.open();
      const up = await stack.up();
      assert.ok(up.ok, up.text);

      way.close();
      const refreshed = await stack.refresh();
      assert.ok(refreshed.ok, refreshed.text);
      assert.match(refreshed.text, /the registration of "shared-gpus" is taken from the state: .*ECONNREFUSED/);
      const held = await stack.destroy();
      assert.ok(!held.ok);
      assert.match(
        held.text,
        /Michelangelo's control plane at https:\S+ does not answer this computer: .*`pulumi destroy` goes on once it answers/s,
      );
      assert.ok((await michelangelo.left()).includes("Cluster shared-gpus"));
      await forgottenWhole(stack);
      await way.open();
      assert.deepEqual(await stack.preview(), [], "nothing was lost");
      const destroyed = await stack.destroy();
      assert.ok(destroyed.ok, destroyed.text);
      assert.deepEqual([await michelangelo.left(), await leftInCompute(michelangelo.api)], [[], []]);
    } finally {
      way.close();
    }
  });
});
