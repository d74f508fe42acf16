/**
 * The server on a real API server, over clouds in memory, in a process of its own. Its parent makes the nodes of machines that run and deletes
 * those of machines that are gone, so that what this process costs is the server's.
 */
import { readFileSync } from "node:fs";
import { pino } from "pino";
import { Autoscaler } from "../../../autoscaler/autoscaler";
import type { Method } from "../../../autoscaler/protocol/messages";
import type { GroupDriver } from "../../../autoscaler/group/reconciler";
import type { NodeTemplate } from "../../../provider/node-groups/driver";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { FakeCloud } from "../../autoscaler/fake-cloud";

export interface ServerSettings {
  readonly kubeconfigFile: string;
  readonly groups: readonly string[];
  readonly size: number;
  readonly templates: Readonly<Record<string, NodeTemplate>>;
  /** From request to machine. */
  readonly bootMs: number;
}

export type ServerMessage =
  | { readonly kind: "answers"; readonly address: string }
  | { readonly kind: "machines"; readonly group: string; readonly target: number; readonly running: readonly string[] }
  /** Calls of the drivers since the beginning, and scale-ups that were asked for, of each group on average. */
  | { readonly kind: "calls"; readonly perGroup: Readonly<Record<string, number>> };

async function main({ kubeconfigFile, groups, size, templates, bootMs }: ServerSettings): Promise<void> {
  const tell = (message: ServerMessage) => process.send!(message);
  const clouds = new Map(groups.map((group) => [group, new FakeCloud(group)] as const));
  const autoscaler = new Autoscaler({
    config: {
      clusterName: "bench",
      address: "127.0.0.1:0",
      healthPort: 0,
      gpuLabel: "gpu-clusters/gpu",
      providers: {},
      groups: groups.map((name) => ({ cloud: "fake", name, spec: {}, owner: name, minSize: 0, maxSize: size })),
    },
    host: "127.0.0.1",
    kubernetes: kubernetesApi(readFileSync(kubeconfigFile, "utf8")),
    log: pino({ level: "error" }),
    open: async ({ name }) => driverOf(clouds.get(name)!, templates[name]!),
  });
  setInterval(() => {
    for (const [group, cloud] of clouds) {
      cloud.tick();
      const running = cloud.machines.filter(({ state }) => state === "running").map(({ id }) => id);
      tell({ kind: "machines", group, target: cloud.target, running });
    }
  }, bootMs);
  process.on("message", async () => {
    const perGroup: Record<string, number> = { scaleUps: await answered(autoscaler, "NodeGroupIncreaseSize") };
    for (const call of [...clouds.values()].flatMap(({ calls }) => calls)) perGroup[call] = (perGroup[call] ?? 0) + 1;
    for (const call of Object.keys(perGroup)) perGroup[call] = Math.round((perGroup[call]! / groups.length) * 10) / 10;
    tell({ kind: "calls", perGroup });
  });
  const { port } = await autoscaler.start();
  tell({ kind: "answers", address: `127.0.0.1:${port}` });
}

async function answered({ metrics }: Autoscaler, method: Method): Promise<number> {
  const answers = await metrics.registry.getSingleMetric("gpu_clusters_autoscaler_answer_seconds")!.get();
  const counts = answers.values as {
    value: number;
    metricName?: string;
    labels: { method?: string; status?: string };
  }[];
  const own = counts.filter(({ metricName, labels }) => metricName?.endsWith("_count") && labels.method === method);
  return own.filter(({ labels }) => labels.status === "OK").reduce((sum, { value }) => sum + value, 0);
}

function driverOf(cloud: FakeCloud, template: NodeTemplate): GroupDriver {
  return {
    describe: () => cloud.describe(),
    resize: (size) => cloud.resize(size),
    remove: (ids) => cloud.remove(ids),
    problems: (since) => cloud.problems(since),
    template: async () => template,
  };
}

void main(JSON.parse(process.argv[2]!) as ServerSettings);
