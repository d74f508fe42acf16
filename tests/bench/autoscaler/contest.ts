/** What both autoscalers have to do: every group from nothing to its most, three single pods when nearly all nodes are there, and back to nothing. */
import { readFileSync } from "node:fs";
import { seconds } from "../measure";
import type { BenchCluster } from "./cluster";

export interface Contestant {
  readonly pid: number;
  /** Machines that it has asked a cloud for, of a group. */
  requested(group: string): Promise<number>;
  close(): Promise<void>;
}

export interface Contest {
  readonly groups: readonly string[];
  readonly size: number;
}

export interface ContestFigures {
  /** From a pod that waits to the request for its machine, with nearly all machines there. The middle one of three. */
  readonly pendingToRequestS: number;
  readonly zeroToReadyS: number;
  readonly readyToZeroS: number;
  readonly rssMb: number;
}

const singles = 3;

export async function compete(
  cluster: BenchCluster,
  contestant: Contestant,
  { groups, size }: Contest,
): Promise<ContestFigures> {
  const last = groups.slice(-singles);
  const all = groups.length * size;
  const zeroToReadyS = await seconds(async () => {
    for (const group of groups) await cluster.addPods(group, last.includes(group) ? size - 1 : size);
    await cluster.runs(all - last.length);
  });
  const waits: number[] = [];
  for (const group of last) {
    await cluster.addPods(group, 1);
    waits.push(
      await seconds(() =>
        cluster.until(`${group} grows`, async () => (await contestant.requested(group)) === size, 100),
      ),
    );
    await cluster.runs(all - last.length + waits.length);
  }
  const rssMb = megabytes(contestant.pid);
  await cluster.removePods();
  const readyToZeroS = await seconds(() =>
    cluster.until("all nodes are gone", async () => (await cluster.nodes()).length === 0),
  );
  const pendingToRequestS = waits.sort((a, b) => a - b)[Math.floor(waits.length / 2)]!;
  return { pendingToRequestS, zeroToReadyS, readyToZeroS, rssMb };
}

/** What the process has in memory now. */
function megabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))!;
  return Math.round(Number(kilobytes) / 1024);
}
