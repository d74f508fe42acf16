/** Waiting for a group's machines: says what stands in the way, and gives up when it is nothing that passes. */
import { sleep, waitFor, type Pace } from "../cloud/wait";
import type { ResourceLog } from "../server/resource";
import { isLive } from "./bounds";
import type { NodeGroupDescription, NodeGroupDriver, NodeGroupProblem } from "./driver";

export interface Waiting {
  readonly pace: Pace;
  /** How long a quota or a rejection may stand in the way before it counts as the end of it. */
  readonly patienceMs: number;
  /** Whether the cloud itself goes on trying for what is missing. Where it does not, machines that failed are removed. */
  readonly refills: boolean;
  /** First pause after a machine that was made and lost at once; it doubles each time. */
  readonly backoffMs: number;
}

/** Machines that are made and lost at once cost money: so many in a row are the end. */
const mostLostLaunches = 3;

interface Group {
  readonly driver: NodeGroupDriver;
  /** Machines that are to run. */
  readonly size: number;
  /** Problems before are not this wait's. */
  readonly since: Date;
  readonly log: Pick<ResourceLog, "status" | "warn">;
}

export async function untilRunning(group: Group, waiting: Waiting, signal: AbortSignal): Promise<void> {
  const { driver, size, log } = group;
  const watch = new Watch(group, waiting);
  await waitFor(
    async () => {
      const { machines } = await driver.describe(signal);
      const running = machines.filter(({ state }) => state === "running").length;
      const coming = machines.filter(isLive).length;
      if (waiting.refills ? running >= size : coming === running) return true;
      log.status(`${running} of ${waiting.refills ? size : coming} machines run`);
      if (waiting.refills) await watch.look(machines, signal);
      return undefined;
    },
    signal,
    waiting.pace,
  );
  if (!waiting.refills) await removeFailed(group, signal);
}

/** Leaves no machine behind that would be charged and never be a node. */
async function removeFailed({ driver, since }: Group, signal: AbortSignal): Promise<void> {
  const failed = (await driver.describe(signal)).machines.filter(({ state }) => state === "failed");
  if (failed.length === 0) return;
  const why = (await driver.problems(since, signal)).map(({ message }) => message);
  const names = failed.map(({ id }) => id);
  await driver.remove(names, signal);
  throw new Error(`${names.join(", ")} failed while being made, and were removed: ${why.join("; ")}`);
}

/** What a cloud that goes on trying says meanwhile. */
class Watch {
  private readonly told = new Set<string>();
  private readonly lost = new Set<string>();
  private live = -1;
  private stuckSince: number | undefined;
  private rounds = 0;

  constructor(
    private readonly group: Group,
    private readonly waiting: Waiting,
  ) {}

  async look(machines: NodeGroupDescription["machines"], signal: AbortSignal): Promise<void> {
    const { driver, since } = this.group;
    const problems = await driver.problems(since, signal);
    this.tell(problems);
    await this.backOff(problems, machines, signal);
    const coming = machines.filter(isLive).length;
    // Machines that were lost are counted, not timed.
    const standing = problems.filter(({ machineId }) => machineId === undefined);
    const last = standing.findLast(({ kind }) => kind === "quota" || kind === "rejected");
    if (!last || coming > this.live) this.stuckSince = last && Date.now();
    this.live = Math.max(this.live, coming);
    if (last && Date.now() - this.stuckSince! > this.waiting.patienceMs) throw this.givenUp(coming, last);
  }

  private tell(problems: readonly NodeGroupProblem[]): void {
    for (const { kind, message } of problems) {
      if (!this.told.has(message)) this.group.log.warn(`${kind}: ${message}`);
      this.told.add(message);
    }
  }

  /** Each machine that was lost at once is one that was paid for: the cloud gets a pause before it may try again, and few tries. */
  private async backOff(
    problems: readonly NodeGroupProblem[],
    machines: NodeGroupDescription["machines"],
    signal: AbortSignal,
  ): Promise<void> {
    const { driver, size } = this.group;
    const fresh = problems.filter(({ kind, machineId }) => machineId && kind !== "lost" && !this.lost.has(machineId));
    if (fresh.length === 0) return;
    for (const { machineId } of fresh) this.lost.add(machineId!);
    await this.askForNoMore(signal);
    if (++this.rounds >= mostLostLaunches) {
      const { message, kind } = fresh.at(-1)!;
      const running = machines.filter(({ state }) => state === "running").length;
      const lost = `${this.lost.size} were made and lost at once, and no more are asked for`;
      throw new Error(`the cloud makes ${running} of ${size} machines; ${lost} (${kind}): ${message}`);
    }
    await sleep(this.waiting.backoffMs * 2 ** (this.rounds - 1), signal);
    await driver.resize(size, signal);
  }

  /** Also takes back what is only starting: at its end the cloud would make another. */
  private async askForNoMore(signal: AbortSignal): Promise<void> {
    const { driver } = this.group;
    await waitFor(
      async () => {
        const { size, machines } = await driver.describe(signal);
        const starting = machines.filter(({ state }) => state === "creating").map(({ id }) => id);
        const running = machines.filter(({ state }) => state === "running").length;
        if (starting.length === 0 && size <= running) return true;
        if (starting.length > 0) await driver.remove(starting, signal);
        await driver.resize(0, signal);
        return undefined;
      },
      signal,
      this.waiting.pace,
    );
  }

  private givenUp(coming: number, { kind, message }: NodeGroupProblem): Error {
    return new Error(`the cloud makes ${coming} of ${this.group.size} machines (${kind}): ${message}`);
  }
}
