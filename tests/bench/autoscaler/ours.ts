/** Our server and the stand-in for cluster-autoscaler, each in a process of its own, and the machines' nodes. */
import { fork, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { clusterAutoscalerProgram } from "../../../simulator/machines/cluster-autoscaler/program";
import { stop } from "../../provider/kubernetes/control-plane";
import { bundled } from "./bundled";
import { groupLabel, kwokMark, nodeCapacity, type BenchCluster } from "./cluster";
import type { ServerMessage, ServerSettings } from "./cluster-server";
import type { Contest, Contestant } from "./contest";

/** As soon as Karpenter's. */
export const unneededS = 30;
export const bootS = 1;

const flags = {
  "scan-interval": "10s",
  "scale-down-unneeded-time": `${unneededS}s`,
  "scale-down-delay-after-add": "10s",
  "max-scale-down-parallelism": "100",
  address: "127.0.0.1:0",
};

export interface OurContestant extends Contestant {
  callsPerGroup(): Promise<Readonly<Record<string, number>>>;
}

export async function startOurs(cluster: BenchCluster, { groups, size }: Contest): Promise<OurContestant> {
  const { kubeconfigFile, folder } = cluster;
  const settings: ServerSettings = {
    kubeconfigFile,
    groups,
    size,
    bootMs: bootS * 1_000,
    templates: Object.fromEntries(
      groups.map((group) => {
        const labels = labelsOf(group);
        return [group, { labels, taints: [], capacity: nodeCapacity, allocatable: nodeCapacity }];
      }),
    ),
  };
  const code = await bundled(join(__dirname, "cluster-server.ts"), folder);
  const server = fork(code, [JSON.stringify(settings)], { execArgv: [] });
  const nodes = new Nodes(cluster);
  const asked = new Map<string, number>();
  server.on("message", (message: ServerMessage) => {
    if (message.kind !== "machines") return;
    asked.set(message.group, message.target);
    nodes.follow(message.group, message.running);
  });
  const { address } = await told(server, "answers");
  const autoscaler = await startAutoscaler(cluster, address);
  return {
    pid: server.pid!,
    requested: async (group) => asked.get(group) ?? 0,
    async callsPerGroup() {
      server.send("tell");
      return (await told(server, "calls")).perGroup;
    },
    async close() {
      await Promise.all([autoscaler, server].map(stop));
    },
  };
}

async function startAutoscaler({ kubeconfigFile, folder }: BenchCluster, address: string): Promise<ChildProcess> {
  const program = join(folder, "cluster-autoscaler.cjs");
  writeFileSync(program, await clusterAutoscalerProgram());
  const cloudConfig = join(folder, "cloud-config");
  writeFileSync(cloudConfig, JSON.stringify({ address }));
  const given = Object.entries({ "cloud-config": cloudConfig, ...flags }).map(([flag, value]) => `--${flag}=${value}`);
  const env = { ...process.env, KUBECONFIG: kubeconfigFile };
  return fork(program, given, { execArgv: [], env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

async function told<K extends ServerMessage["kind"]>(
  server: ChildProcess,
  kind: K,
): Promise<Extract<ServerMessage, { kind: K }>> {
  for (;;) {
    const [message] = (await once(server, "message")) as [ServerMessage];
    if (message.kind === kind) return message as Extract<ServerMessage, { kind: K }>;
  }
}

function labelsOf(group: string): Record<string, string> {
  return { [groupLabel]: group, "gpu-clusters/cluster": "bench", "gpu-clusters/node-group": group };
}

/** Makes the nodes of machines that run, and deletes those of machines that are gone, as a cloud's controller does. */
class Nodes {
  private readonly known = new Map<string, Set<string>>();

  constructor(private readonly cluster: BenchCluster) {}

  follow(group: string, running: readonly string[]): void {
    const before = this.known.get(group) ?? new Set();
    const now = new Set(running);
    this.known.set(group, now);
    const { api } = this.cluster;
    const made = running.filter((id) => !before.has(id));
    const gone = [...before].filter((id) => !now.has(id));
    void this.cluster.each(made, (name) => api.create(nodeOf(name, group)));
    void this.cluster.each(gone, (name) => api.delete({ apiVersion: "v1", kind: "Node", name }));
  }
}

function nodeOf(name: string, group: string) {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, annotations: kwokMark, labels: { ...labelsOf(group), "kubernetes.io/hostname": name } },
    spec: { providerID: `fake:///${name}` },
    status: { capacity: nodeCapacity, allocatable: nodeCapacity },
  };
}
