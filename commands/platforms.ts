/** What `npm run handover` shows, by platform. */
import { stringify } from "yaml";
import { currentEntries } from "../sdk/kubernetes/kubeconfig";
import { playMichelangelo, seenByCompute, seenByMichelangelo } from "../simulator/platforms/michelangelo/demonstration";
import {
  playModelplane,
  seenByModelplane,
  seenByServingCluster,
} from "../simulator/platforms/modelplane/demonstration";

export interface Demonstration {
  readonly platform: string;
  /** Name of the cluster that is registered, and its config as a stack of the default program. */
  readonly cluster: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Folder of the program that registers it, and its config, by both kubeconfigs. */
  readonly example: string;
  config(control: string, cluster: string): Record<string, string>;
  play(control: string, cluster: string): Promise<{ close(): Promise<void> }>;
  seenByPlatform(control: string): Promise<string[]>;
  seenByCluster(control: string, cluster: string): Promise<string[]>;
}

const v100 = { dataCenterId: "us-newyork-1", machineType: "intel-broadwell-v100" };
const h100 = { dataCenterId: "no-kristiansand-1", machineType: "sapphire-rapids-h100" };
const group = { role: "worker", minSize: 1, maxSize: 4, vcpus: 8, memoryGib: 32, diskSizeGib: 100 };

/** The cluster that both platforms run in. */
export const platformCluster = settings(v100, []);

export const demonstrations: Readonly<Record<string, Demonstration>> = {
  michelangelo: {
    platform: "Michelangelo",
    cluster: "train",
    settings: settings(v100, [{ ...group, ...v100, name: "gpu", gpus: 1, gpuModel: "V100" }]),
    example: "existing-michelangelo",
    config: (michelangelo, train) => ({
      kubeconfig: oneKubeconfig({ michelangelo, train }),
      computeContext: "train",
      michelangeloContext: "michelangelo",
      kubeRay: "false", // its chart is not to be had everywhere; Ray's kinds are there
    }),
    play: playMichelangelo,
    seenByPlatform: seenByMichelangelo,
    seenByCluster: seenByCompute,
  },
  modelplane: {
    platform: "Modelplane",
    cluster: "serve",
    settings: {
      ...settings(h100, [
        { ...group, ...h100, name: "system" },
        { ...group, ...h100, name: "gpu", gpus: 1, gpuModel: "H100 SXM", labels: { "modelplane.ai/pool": "gpu" } },
      ]),
      gpu: false,
    },
    example: "existing-modelplane",
    config: (modelplane, serve) => ({
      kubeconfig: oneKubeconfig({ modelplane, serve }),
      clusterContext: "serve",
      modelplaneContext: "modelplane",
      gpuModel: "H100",
      loadBalancers: "true", // nobody gives addresses on simulated machines, and the played Modelplane needs none
    }),
    play: playModelplane,
    seenByPlatform: seenByModelplane,
    seenByCluster: seenByServingCluster,
  },
};

function settings(place: typeof v100, nodeGroups: object[]): Record<string, unknown> {
  const { dataCenterId, machineType } = place;
  const controlPlane = { size: "sm", machineType };
  return { cloud: "cudo", cni: "none", dataCenterId, controlPlane, noVault: true, autoscaler: false, nodeGroups };
}

/** One kubeconfig with each cluster as a context of its name, as people have it. */
export function oneKubeconfig(kubeconfigs: Record<string, string>): string {
  const parts = Object.entries(kubeconfigs).map(([name, text]) => ({ name, ...currentEntries(text) }));
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: parts.map(({ name, cluster }) => ({ name, cluster })),
    users: parts.map(({ name, user }) => ({ name, user })),
    contexts: parts.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
  });
}
