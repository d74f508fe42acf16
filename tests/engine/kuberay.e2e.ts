/** The example cudo-michelangelo with KubeRay's own operator in its cluster: `npm run test:e2e -- tests/engine/kuberay.e2e.ts`. */
import assert from "node:assert/strict";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { RayOperator } from "../kuberay/operator";
import type { Scene } from "../provider/michelangelo/scene";
import { until } from "../until";
import { EngineEnvironment } from "./environment";
import { asMichelangelo, kubeconfigOf, onCudo, startMichelangelo } from "./michelangelo";

const group = {
  rayStartParams: {},
  template: { spec: { containers: [{ name: "ray", image: "rayproject/ray:2.46.0" }] } },
};
const job = {
  apiVersion: "ray.io/v1",
  kind: "RayJob",
  metadata: { name: "hello", namespace: "default" },
  spec: {
    entrypoint: "python -c 'print(1)'",
    rayClusterSpec: {
      rayVersion: "2.46.0",
      headGroupSpec: group,
      workerGroupSpecs: [{ ...group, groupName: "workers", replicas: 1, minReplicas: 1, maxReplicas: 1 }],
    },
  },
};

describe("KubeRay's operator in a compute cluster of Michelangelo", function () {
  // The first run compiles it.
  this.timeout(3_600_000);
  let environment: EngineEnvironment;
  let michelangelo: Scene;
  let operator: RayOperator | undefined;
  before(async () => {
    environment = await EngineEnvironment.start({ machines: true });
    michelangelo = await startMichelangelo();
  });
  after(async () => {
    await operator?.close();
    await michelangelo?.close();
    await environment?.stop();
  });

  it("takes a RayJob that Michelangelo's token made, and makes pods of it", async () => {
    const stack = await onCudo(environment, michelangelo);
    // The cluster first: somebody else brings the operator.
    assert.match((await stack.up()).text, /KubeRay's operator is not installed/);
    const kubeconfig = await kubeconfigOf(stack);
    operator = await RayOperator.start(kubeconfig);
    const up = await stack.up();
    assert.ok(up.ok, up.text);

    const { apiServer } = await stack.outputs();
    const own = await asMichelangelo(michelangelo, apiServer as string);
    await own.apply(job, { fieldManager: "michelangelo" });
    const reference = { apiVersion: job.apiVersion, kind: job.kind, ...job.metadata };
    const rayCluster = await until("the operator makes a Ray cluster of the job", async () => {
      const status = (await own.read(reference))?.["status"] as { rayClusterName?: string } | undefined;
      return status?.rayClusterName;
    });
    const labelSelector = `ray.io/cluster=${rayCluster}`;
    const pods = await until("head and worker", async () => {
      const found = await kubernetesApi(kubeconfig).list({
        apiVersion: "v1",
        kind: "Pod",
        namespace: "default",
        labelSelector,
      });
      return found.length === 2 && found;
    });
    const types = pods.map(({ metadata }) => metadata.labels?.["ray.io/node-type"]).sort();
    assert.deepEqual(types, ["head", "worker"]);
    await own.delete(reference);

    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    assert.deepEqual(await michelangelo.left(), []);
    const { cudo, machines } = await environment.simulator.state();
    assert.deepEqual([cudo.vms, machines], [[], []]);
  });
});
