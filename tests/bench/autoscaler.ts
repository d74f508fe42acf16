/**
 * The autoscaler at 20 groups of 100 nodes. First its answers under cluster-autoscaler's order of calls, with clouds and nodes in the server's memory, so
 * that what is measured is the server and the protocol. Then a whole cluster, with pods: ours, and Karpenter's core on the same API server with the same
 * pods.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { Method, Methods } from "../../autoscaler/protocol/messages";
import { ProtocolClient } from "../../simulator/machines/cluster-autoscaler/protocol-client";
import { bundled } from "./autoscaler/bundled";
import { BenchCluster } from "./autoscaler/cluster";
import { compete, type Contest, type ContestFigures } from "./autoscaler/contest";
import { startKarpenter } from "./autoscaler/karpenter";
import { startOurs } from "./autoscaler/ours";
import type { ServerFigures } from "./autoscaler/server";

const groups = 20;
const size = 100;
const ids = Array.from({ length: groups }, (_, index) => `g${index}`);
/** As many as a GPU node has. */
const labels = Object.fromEntries(
  Array.from({ length: 30 }, (_, index) => [`example.com/label-${index}`, "some value"]),
);

export async function autoscaler(): Promise<Record<string, unknown>> {
  return race({ groups: ids, size });
}

/** `load`: what wanted a processor in the last minute of each part, ours and everything else on the computer. */
export async function race(contest: Contest): Promise<Record<string, unknown>> {
  const { p50Ms, p99Ms, rssMb: ofAnswers } = await measureAnswers();
  const load = [busy()];
  const cluster = await BenchCluster.start();
  try {
    const { callsPerGroup, ...ours } = await measureOurs(cluster, contest);
    load.push(busy());
    const karpenter = await measureKarpenter(cluster, contest);
    load.push(busy());
    const nodes = contest.groups.length * contest.size;
    const rssMb = Math.max(ofAnswers, ours.rssMb);
    return { nodes, ...ours, p50Ms, p99Ms, rssMb, apiCallsPerGroup: callsPerGroup, karpenter, load };
  } finally {
    await cluster.close();
  }
}

async function measureOurs(cluster: BenchCluster, contest: Contest) {
  const contestant = await startOurs(cluster, contest);
  try {
    const figures = await compete(cluster, contestant, contest);
    return { ...figures, callsPerGroup: await contestant.callsPerGroup() };
  } finally {
    await contestant.close();
  }
}

async function measureKarpenter(cluster: BenchCluster, contest: Contest): Promise<ContestFigures> {
  const contestant = await startKarpenter(cluster, contest);
  try {
    return await compete(cluster, contestant, contest);
  } finally {
    await contestant.close();
  }
}

function busy(): number {
  return Math.round(loadavg()[0]! * 10) / 10;
}

async function measureAnswers(): Promise<{ p50Ms: number; p99Ms: number; rssMb: number }> {
  const folder = mkdtempSync(join(tmpdir(), "autoscaler-bench-"));
  let server: ChildProcess | undefined;
  try {
    const code = await bundled(join(__dirname, "autoscaler/server.ts"), folder);
    server = fork(code, [String(groups), String(size)], { execArgv: [] });
    const [address] = (await once(server, "message")) as [string];
    const player = new Player(address);
    await player.grow();
    for (let round = 0; round < 3; round++) await player.round();
    server.send("tell");
    const [{ rssMb }] = (await once(server, "message")) as [ServerFigures];
    await player.shrink();
    player.close();
    const [p50Ms, p99Ms] = player.percentiles(0.5, 0.99);
    return { p50Ms: p50Ms!, p99Ms: p99Ms!, rssMb };
  } finally {
    server?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

/** cluster-autoscaler, as far as the protocol sees it. */
class Player {
  private readonly client: ProtocolClient;
  private readonly took: number[] = [];

  constructor(address: string) {
    this.client = new ProtocolClient(address, 30_000);
  }

  close(): void {
    this.client.close();
  }

  percentiles(...parts: number[]): number[] {
    const sorted = [...this.took].sort((a, b) => a - b);
    return parts.map((part) => Math.round(sorted[Math.floor((sorted.length - 1) * part)]! * 1000) / 1000);
  }

  /** What it asks in each round; the ids of machines that run, by group. */
  async round(): Promise<Map<string, string[]>> {
    await this.call("Refresh", {});
    await this.call("NodeGroups", {});
    const running = new Map<string, string[]>();
    for (const id of ids) {
      await this.call("NodeGroupTargetSize", { id });
      await this.call("NodeGroupTemplateNodeInfo", { id });
      const { instances } = await this.call("NodeGroupNodes", { id });
      running.set(
        id,
        instances.filter(({ status }) => status.instanceState === 1).map((instance) => instance.id),
      );
    }
    for (const all of running.values())
      for (const providerID of all)
        await this.call("NodeGroupForNode", {
          node: { providerID, name: nameOf(providerID), labels },
        });
    return running;
  }

  async grow(): Promise<void> {
    for (const id of ids) await this.call("NodeGroupIncreaseSize", { id, delta: size });
    while ([...(await this.round()).values()].some((all) => all.length < size));
  }

  /** Ten at a time, as its parallel scale-down does. */
  async shrink(): Promise<void> {
    for (;;) {
      const running = await this.round();
      if ([...running.values()].every((all) => all.length === 0)) return;
      for (const [id, all] of running) {
        const nodes = all.slice(0, 10).map((providerID) => ({ providerID, name: nameOf(providerID), labels: {} }));
        if (nodes.length > 0) await this.call("NodeGroupDeleteNodes", { id, nodes });
      }
    }
  }

  private async call<M extends Method>(method: M, request: Methods[M]["request"]): Promise<Methods[M]["response"]> {
    const begun = performance.now();
    const response = await this.client.call(method, request);
    this.took.push(performance.now() - begun);
    return response;
  }
}

function nameOf(providerID: string): string {
  return providerID.slice("fake:///".length);
}
