/**
 * The autoscaler's server under cluster-autoscaler's order of calls: 20 groups grow from zero to 100 nodes each, and shrink again. Clouds and
 * nodes are in the server's memory, so that what is measured is the server and the protocol.
 */
import { build } from "esbuild";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Method, Methods } from "../../autoscaler/protocol/messages";
import { ProtocolClient } from "../../simulator/machines/cluster-autoscaler/protocol-client";
import type { ServerFigures } from "./autoscaler/server";
import { seconds } from "./measure";

const groups = 20;
const size = 100;
const ids = Array.from({ length: groups }, (_, index) => `g${index}`);
/** As many as a GPU node has. */
const labels = Object.fromEntries(
  Array.from({ length: 30 }, (_, index) => [`example.com/label-${index}`, "some value"]),
);

export async function autoscaler(): Promise<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), "autoscaler-bench-"));
  let server: ChildProcess | undefined;
  try {
    const code = join(folder, "server.cjs");
    const entryPoints = [join(__dirname, "autoscaler/server.ts")];
    await build({
      entryPoints,
      outfile: code,
      bundle: true,
      platform: "node",
      format: "cjs",
      target: "node20",
      logLevel: "error",
    });
    server = fork(code, [String(groups), String(size)], { execArgv: [] });
    const [address] = (await once(server, "message")) as [string];
    const player = new Player(address);
    const zeroToReadyS = await seconds(() => player.grow());
    for (let round = 0; round < 3; round++) await player.round();
    server.send("tell");
    const [figures] = (await once(server, "message")) as [ServerFigures];
    const readyToZeroS = await seconds(() => player.shrink());
    player.close();
    const [p50Ms, p99Ms] = player.percentiles(0.5, 0.99);
    const { rssMb, resizes, describes } = figures;
    return {
      nodes: groups * size,
      answers: player.answers,
      zeroToReadyS,
      readyToZeroS,
      p50Ms,
      p99Ms,
      rssMb,
      resizes,
      describes,
    };
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

  get answers(): number {
    return this.took.length;
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
          node: { providerID, name: providerID.slice("fake:///".length), labels },
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
        const nodes = all.slice(0, 10).map((providerID) => ({ providerID, name: providerID, labels: {} }));
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
