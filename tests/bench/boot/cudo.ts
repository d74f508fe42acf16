/** Cudo: start scripts on machines alone, and a whole cluster with a control plane and two workers by the engine. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubernetesApi } from "../../../sdk/kubernetes/client";
import { ensureMachineImage } from "../../../simulator/machines/nspawn/image/image";
import { nspawnMachines } from "../../../simulator/machines/nspawn/nspawn-machines";
import { EngineEnvironment } from "../../engine/environment";
import { readyStatus, until } from "../../machines/test-cluster";
import { bootingCluster, bootMs } from "../../machines-nspawn/cluster";
import { apiAnswers, stopwatch, type BootCloud, type PowerOn, type Up } from "./measure";

const group = {
  id: "workers",
  role: "worker",
  minSize: 2,
  maxSize: 2,
  vcpus: 4,
  memoryGib: 16,
  bootDiskSizeGib: 50,
  dataCenterId: "us-newyork-1",
  machineType: "intel-broadwell-v100",
};

export const cudo: BootCloud = { powerOn, up };

async function powerOn(): Promise<PowerOn> {
  const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-boot-"));
  const cluster = await bootingCluster(directory, "127.77.199");
  try {
    const ofControl = stopwatch();
    await cluster.control.start();
    await apiAnswers(cluster.control.spec.address);
    const powerOnToApi = ofControl();
    await cluster.nodeIs("control", "True");
    const worker = await cluster.worker("worker", "127.77.199.11");
    const ofWorker = stopwatch();
    await worker.start();
    await cluster.nodeIs("worker", "True");
    return { powerOnToApi, powerOnToWorkerReady: ofWorker() };
  } finally {
    await cluster.kind.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function up(): Promise<Up> {
  const image = await ensureMachineImage();
  const environment = await EngineEnvironment.start({ machines: (dir) => nspawnMachines({ dir, image }) });
  try {
    const stack = await environment.stack({
      "pulumi-gpu-clusters:cloud": "cudo",
      "pulumi-gpu-clusters:clusterName": "boot",
      "pulumi-gpu-clusters:cni": "none", // The machines' image has one.
      "pulumi-gpu-clusters:controlPlaneSize": "sm",
      "pulumi-gpu-clusters:nodeGroups": [group],
    });
    const sinceUp = stopwatch();
    const [upToApi, operation] = await Promise.all([apiOf(environment).then(sinceUp), stack.up()]);
    if (!operation.ok) throw new Error(operation.text);
    const api = kubernetesApi((await stack.outputs())["kubeconfig"] as string);
    const nodes = () => api.list({ apiVersion: "v1", kind: "Node" });
    await until(
      "all nodes are Ready",
      async () => (await nodes()).filter((node) => readyStatus(node) === "True").length === 3,
      bootMs,
    );
    const upToAllReady = sinceUp();
    await stack.destroy();
    return { upToApi, upToAllReady };
  } finally {
    await environment.stop();
  }
}

/** Resolves when the control plane answers that `up` is making. */
async function apiOf({ simulator }: EngineEnvironment): Promise<void> {
  let address: string | undefined;
  await until(
    "the control plane has an address",
    async () => {
      const { machines } = await simulator.state();
      return (address = machines.find(({ name }) => name.endsWith("control-plane"))?.address);
    },
    bootMs,
  );
  await apiAnswers(address!);
}
