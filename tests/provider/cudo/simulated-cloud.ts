/** Cudo's simulator without machines, and the plugin configured for it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCudoClient } from "../../../provider/cudo/client";
import type { CudoApi } from "../../../provider/cudo/api";
import { provider } from "../../../plugin/provider";
import { SimulatorClient, type Fault } from "../../../simulator/client";
import { startSimulator, type Simulator } from "../../../simulator/server";
import { until } from "../../until";
import { startPlugin, type Plugin } from "../server/harness";

export interface SimulatedCloud {
  readonly simulator: SimulatorClient;
  readonly plugin: Plugin;
  /** Beside the plugin: to look, and to meddle. */
  readonly api: CudoApi;
  readonly projectId: string;
  /** The provider's configuration. */
  readonly config: { baseUrl: string; apiKey: string; projectId: string };
  fault(match: Fault["match"], rest: Omit<Fault, "cloud" | "match">): Promise<void>;
  /** `POST /vm`, … as the operations that have reached the cloud since the last `clearRequests`. */
  operations(): Promise<string[]>;
  /** Another plugin, under another address of the same cloud, so that it has cached nothing. Stop it. */
  freshPlugin(): Promise<Plugin>;
  close(): Promise<void>;
}

export const never: AbortSignal = new AbortController().signal;

export async function simulatedCloud(): Promise<SimulatedCloud> {
  const stateDir = await mkdtemp(join(tmpdir(), "cudo-test-"));
  let simulator: Simulator | undefined;
  let plugin: Plugin | undefined;
  const close = async () => {
    await plugin?.stop();
    await simulator?.close();
    await rm(stateDir, { recursive: true, force: true });
  };
  try {
    simulator = await startSimulator({ stateDir, machines: undefined, timing: { scale: 0.2 } });
    plugin = await startPlugin(provider, { config: { cudo: simulator.cudo } });
    const { cudo } = simulator;
    const client = new SimulatorClient(simulator.url);
    return {
      simulator: client,
      plugin,
      api: createCudoClient(cudo),
      projectId: cudo.projectId,
      config: cudo,
      fault: async (match, rest) => void (await client.addFault({ cloud: "cudo", match, ...rest })),
      operations: async () => (await client.requests()).map((request) => request.operation ?? request.path),
      freshPlugin: () => startPlugin(provider, { config: { cudo: { ...cudo, baseUrl: `${cudo.baseUrl}/` } } }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Inputs that the simulated cloud takes. */
export const home = "gb-bournemouth-1";
/** A node group's shape there: its bounds, scripts and credentials are the test's. */
export const cpuGroup = {
  clusterName: "train",
  name: "cpu",
  role: "worker",
  dataCenterId: home,
  machineType: "intel-broadwell",
  vcpus: 2,
  memoryGib: 4,
  diskSizeGib: 10,
  image: "ubuntu-2404",
  networkId: "net",
};
export const vmInputs = {
  dataCenterId: home,
  machineType: "intel-broadwell",
  image: "ubuntu-2404",
  vcpus: 2,
  memoryGib: 4,
  diskSizeGib: 20,
} as const;

/** A network `net` that machines can be in. */
export async function readyNetwork({ api }: SimulatedCloud, dataCenterId: string = home): Promise<void> {
  await api.networks.create({ id: "net", dataCenterId, ipRange: "10.0.0.0/16" }, never);
  await until("the network is there", async () => (await api.networks.find("net", never))?.state === "ACTIVE");
}
