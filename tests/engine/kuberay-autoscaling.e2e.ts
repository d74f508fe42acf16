/**
 * KubeRay's own operator in a cluster with a group of GPUs that is empty, and grows for a Ray cluster's workers: `npm run test:e2e --
 * tests/engine/kuberay-autoscaling.e2e.ts`.
 */
import assert from "node:assert/strict";
import type { KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { SimulatorClient } from "../../simulator/client";
import { RayOperator } from "../kuberay/operator";
import { until } from "../until";
import { EngineEnvironment } from "./environment";
import { oneLife } from "./one-life";
import type { EngineStack } from "./stack";

const place = { role: "worker", diskSizeGib: 50, dataCenterId: "us-newyork-1", machineType: "intel-broadwell-v100" };
const workers = { ...place, name: "workers", minSize: 1, maxSize: 1, vcpus: 4, memoryGib: 16 };
const gpus = { ...place, name: "gpu", minSize: 0, maxSize: 3, vcpus: 8, memoryGib: 32, gpus: 2, gpuModel: "V100" };

const namespace = "default";
const rayClusters = { apiVersion: "ray.io/v1", kind: "RayCluster", namespace, name: "lab" };
/** Two workers, each with all GPUs of a node: more than one machine has. */
const rayCluster = (replicas: number): KubernetesObject => {
  const pod = (limits?: object) => ({
    spec: {
      containers: [{ name: "ray", image: "rayproject/ray:2.46.0", ...(limits && { resources: { limits } }) }],
    },
  });
  const bounds = { replicas, minReplicas: 0, maxReplicas: 3 };
  const group = { groupName: "gpu", ...bounds, rayStartParams: {}, template: pod({ "nvidia.com/gpu": 2 }) };
  return {
    apiVersion: rayClusters.apiVersion,
    kind: rayClusters.kind,
    metadata: { name: rayClusters.name, namespace },
    spec: {
      rayVersion: "2.46.0",
      headGroupSpec: { rayStartParams: {}, template: pod() },
      workerGroupSpecs: [group],
    },
  } as KubernetesObject;
};

interface Pod {
  metadata: { name: string; labels: Record<string, string>; deletionTimestamp?: string };
  spec: { nodeName?: string };
  status: { phase: string };
}

describe("KubeRay's own operator in a cluster whose group of GPUs is empty", function () {
  // The first run compiles it.
  this.timeout(3_600_000);
  oneLife();
  let environment: EngineEnvironment;
  let stack: EngineStack;
  let operator: RayOperator | undefined;
  let kubeconfig: string;

  before(async () => {
    environment = await EngineEnvironment.start({ machines: true });
    const config = {
      "pulumi-gpu-clusters:cloud": "cudo",
      "pulumi-gpu-clusters:noVault": true,
      "pulumi-gpu-clusters:clusterName": "ray",
      "pulumi-gpu-clusters:cni": "none",
      "pulumi-gpu-clusters:controlPlane": { size: "sm" },
      "pulumi-gpu-clusters:scaleDownAfter": "5s",
      "pulumi-gpu-clusters:nodeGroups": [workers, gpus],
    };
    stack = await environment.stack(config, { timeoutMs: 900_000 });
  });
  after(async () => {
    await operator?.close();
    await environment?.stop();
  });

  const apply = (object: KubernetesObject) => kubernetesApi(kubeconfig).apply(object, { fieldManager: "tests" });
  const rayPods = async (type: "head" | "worker") => {
    const labelSelector = `ray.io/cluster=${rayClusters.name},ray.io/node-type=${type}`;
    const found = await kubernetesApi(kubeconfig).list({ apiVersion: "v1", kind: "Pod", namespace, labelSelector });
    const pods = found as unknown as Pod[];
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  };
  const run = async (type: "head" | "worker", count: number) => {
    const pods = await rayPods(type);
    return pods.length === count && pods.every(({ status }) => status.phase === "Running") && pods;
  };
  const machines = async () => {
    const { cudo } = await new SimulatorClient(environment.simulator.url).state();
    return cudo.vms.filter(({ id }) => id.includes("-gpu-")).length;
  };

  it("has a head on the nodes that are there, and buys none for it", async () => {
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    kubeconfig = (await stack.outputs())["kubeconfig"] as string;
    operator = await RayOperator.start(kubeconfig);
    await apply(rayCluster(0));
    await until("the head runs", () => run("head", 1));
    assert.equal(await machines(), 0);
  });

  it("gets a machine for each worker that has all GPUs of one, from zero", async () => {
    await apply(rayCluster(2));
    const pods = await until("two workers run", () => run("worker", 2));
    const nodes = new Set(pods.map(({ spec }) => spec.nodeName!));
    assert.equal(nodes.size, 2, "each on a machine of its own");
    for (const name of nodes) {
      const node = await kubernetesApi(kubeconfig).read({ apiVersion: "v1", kind: "Node", name });
      assert.equal(node?.metadata.labels?.["gpu-clusters/node-group"], "gpu");
    }
    assert.equal(await machines(), 2);
  });

  it("gives them back as its workers go, to none", async () => {
    await apply(rayCluster(1));
    await until("one worker is left", () => run("worker", 1));
    await until("one machine is left", async () => (await machines()) === 1);
    await until("the worker runs still", () => run("worker", 1));
    await apply(rayCluster(0));
    await until("no machine is left", async () => (await machines()) === 0);
    await until("the head runs still", () => run("head", 1));
  });

  it("goes whole, and the cluster with it", async () => {
    await kubernetesApi(kubeconfig).delete(rayClusters);
    await until("its pods are gone", async () => (await rayPods("head")).length === 0);
    const destroyed = await stack.destroy();
    assert.ok(destroyed.ok, destroyed.text);
    const { cudo, machines: left } = await environment.simulator.state();
    assert.deepEqual([cudo.vms, left], [[], []]);
  });
});
