/**
 * Brings one group's cloud to what its `Group` says, behind the answers that are given from memory. One writer: a group's calls follow one
 * another. Whatever fails is tried again, later each time.
 */
import { messageOf } from "../../sdk/message";
import type {
  NodeGroupDescription,
  NodeGroupDriver,
  NodeGroupProblem,
  NodeTemplate,
} from "../../provider/node-groups/driver";
import { GroupAlarm } from "./alarm";
import type { Group, Step } from "./group";

/** What the reconciler uses of a group's driver. */
export type GroupDriver = Pick<NodeGroupDriver, "describe" | "resize" | "remove" | "problems" | "template">;

export interface ReconcilerTiming {
  /** Between two looks while nothing changes. */
  readonly idleMs: number;
  /** While something changes: the first, and the longest; each is half as long again as the one before. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** Requests that come together are one change. */
  readonly gatherMs: number;
  /** Missing machines that may still come: since the last one came, or the change began. */
  readonly patienceMs: number;
  /** One call of the cloud's. */
  readonly callMs: number;
}

export const defaultTiming: ReconcilerTiming = {
  idleMs: 60_000,
  firstMs: 1_000,
  longestMs: 30_000,
  gatherMs: 250,
  patienceMs: 30_000,
  callMs: 300_000,
};

export type CloudCall = "open" | "describe" | "resize" | "remove" | "problems" | "template";

/** Told what happens; decides nothing. */
export interface ReconcilerWatch {
  called(group: Group, call: CloudCall, seconds: number, error: unknown): void;
  /** The cloud's account has changed. */
  changed(group: Group): void;
  /** Machines do not come, for the first time of this shortage. */
  stockedOut(group: Group, problem: NodeGroupProblem): void;
}

export interface ReconcilerOptions {
  readonly open: (signal: AbortSignal) => Promise<GroupDriver>;
  readonly timing: ReconcilerTiming;
  readonly watch: ReconcilerWatch;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** False: the group stays as it is for now, whatever was asked. */
  readonly mayChange: () => boolean;
}

/** Attempts after which a call that fails without a reason of the cloud's is a shortage too. */
const patientAttempts = 3;

export class Reconciler {
  template: NodeTemplate | undefined;
  private driver: GroupDriver | undefined;
  private readonly stopped = new AbortController();
  private readonly end = new Promise<never>((_, reject) => {
    this.stopped.signal.addEventListener("abort", () => reject(this.stopped.signal.reason as Error));
  });
  private readonly alarm = new GroupAlarm();
  private running: Promise<void> | undefined;
  /** Looks at the cloud, and changes of it, that failed one after the other. */
  private failures = 0;
  private refusals = 0;
  private lastError: unknown;
  private progressAt: number;
  private liveBefore = 0;
  private pauseMs: number;
  private problemsSince: number;
  /** Newest of those that were over when the group was at rest, by the cloud's own clock. */
  private settledProblem = -Infinity;
  /** When something was last under way, as far as this process knows. */
  private restlessAt: number;
  private readonly born: { date: number; at: number };

  constructor(
    readonly group: Group,
    private readonly options: ReconcilerOptions,
  ) {
    this.end.catch(() => undefined);
    this.pauseMs = options.timing.firstMs;
    this.progressAt = this.problemsSince = this.restlessAt = options.now();
    this.born = { date: Date.now(), at: options.now() };
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Something was asked of the group. */
  wake(): void {
    this.pauseMs = this.options.timing.firstMs;
    this.progressAt = this.options.now();
    this.alarm.ring(this.options.timing.gatherMs);
  }

  /** Calls that are under way are given up; nothing is undone. */
  async stop(): Promise<void> {
    this.stopped.abort(new Error("the server stops"));
    this.alarm.ring(0);
    await this.running;
  }

  /** Why the cloud has not answered for a while; undefined while it does. */
  get outage(): unknown {
    return this.failures >= patientAttempts ? this.lastError : undefined;
  }

  private async run(): Promise<void> {
    while (!this.stopped.signal.aborted) {
      await this.turn();
      await this.alarm.wait(this.pause());
    }
  }

  private pause(): number {
    const { idleMs, longestMs } = this.options.timing;
    if (this.group.isAtRest && this.template && this.failures === 0) return idleMs;
    const pause = this.pauseMs;
    this.pauseMs = Math.min(pause * 1.5, longestMs);
    return pause;
  }

  /** One look at the cloud, and what it lacks. Never throws. */
  async turn(): Promise<void> {
    try {
      const step = this.group.nextStep();
      if (step && this.options.mayChange()) await this.take(step);
      await this.look();
      this.failures = 0;
      if (this.group.isApplied) this.refusals = 0;
      await this.askWhy();
    } catch (error) {
      if (this.stopped.signal.aborted) return;
      this.failures++;
      this.lastError = error;
      if (this.failures >= patientAttempts) this.shortOf(withoutReason(error));
    }
    await this.learnTemplate();
    this.options.watch.changed(this.group);
  }

  private async learnTemplate(): Promise<void> {
    try {
      this.template ??= await this.call("template", (driver, signal) => driver.template(signal));
    } catch {
      // The watch was told; the group is served without one until the next turn.
    }
  }

  private async take(step: Step): Promise<void> {
    const { now } = this.options;
    try {
      await this.call(step.kind, (driver, signal) =>
        step.kind === "remove" ? driver.remove(step.ids, signal) : driver.resize(step.size, signal),
      );
      this.group.done(step, now());
      this.progressAt = now();
    } catch (error) {
      this.stopped.signal.throwIfAborted();
      this.group.uncertain(now());
      this.lastError = error;
      this.refusals++;
    }
  }

  private async look(): Promise<void> {
    const askedAt = this.options.now();
    const description = await this.call("describe", (driver, signal) => driver.describe(signal));
    const problem = this.group.seen(description, askedAt);
    if (problem) this.options.watch.stockedOut(this.group, { ...problem, at: new Date() });
    if (arrived(description) > this.liveBefore) this.progressAt = this.options.now();
    this.liveBefore = arrived(description);
  }

  /** Why machines do not come. */
  private async askWhy(): Promise<void> {
    const { timing, now } = this.options;
    const askedAt = now();
    if (!this.mustAsk(askedAt)) {
      this.problemsSince = askedAt;
      return;
    }
    const problems = await this.call("problems", (driver, signal) => driver.problems(this.since(askedAt), signal));
    const shortages = problems.filter(
      (problem) => (problem.kind !== "lost" || this.hasFailed(problem)) && problem.at.getTime() > this.settledProblem,
    );
    if (this.group.isAtRest) {
      this.problemsSince = askedAt;
      this.settledProblem = Math.max(this.settledProblem, ...problems.map(({ at }) => at.getTime()));
    }
    for (const problem of shortages.filter(({ machineId }) => machineId !== undefined)) this.ofMachine(problem);
    const reason = shortages.filter(({ machineId }) => machineId === undefined).at(-1);
    const waited = now() - this.progressAt >= timing.patienceMs;
    if (reason && (waited || this.refusals > 0)) this.shortOf(reason);
    if (!reason && this.refusals >= patientAttempts) this.shortOf(withoutReason(this.lastError));
  }

  /** Until a while after all is over: what is told late is not the next attempt's. */
  private mustAsk(now: number): boolean {
    if (!this.group.isAtRest) this.restlessAt = now;
    return now - this.restlessAt <= 2 * this.options.timing.idleMs;
  }

  /** By the clock's time now or that of the beginning, whichever is longer ago: it may have been set. A minute more, because clouds tell late. */
  private since(askedAt: number): Date {
    const now = Math.min(Date.now(), this.born.date + (askedAt - this.born.at));
    return new Date(now - (askedAt - this.problemsSince) - 60_000);
  }

  private hasFailed({ machineId }: NodeGroupProblem): boolean {
    return this.group.everyMachine.some(({ id, state }) => id === machineId && state === "failed");
  }

  /** It waits for something; or it is gone or going already, lost as soon as it was made. */
  private ofMachine(problem: NodeGroupProblem): void {
    const machineId = problem.machineId!;
    const machine = this.group.everyMachine.find(({ id }) => id === machineId);
    if (machine && machine.state !== "deleting") return this.shortOf(problem);
    if (!this.group.launchFailed(problem, machineId)) return;
    // Every machine in its place costs money.
    this.pauseMs = this.options.timing.firstMs;
    this.options.watch.stockedOut(this.group, problem);
  }

  private shortOf(problem: NodeGroupProblem): void {
    if (!this.group.stockOut(problem, problem.machineId)) return;
    this.refusals = 0;
    this.options.watch.stockedOut(this.group, problem);
  }

  private async call<T>(name: CloudCall, work: (driver: GroupDriver, signal: AbortSignal) => Promise<T>): Promise<T> {
    const { timing, open } = this.options;
    const signal = AbortSignal.any([this.stopped.signal, AbortSignal.timeout(timing.callMs)]);
    if (!this.driver) this.driver = await this.timed("open", () => open(signal));
    const driver = this.driver;
    return this.timed(name, () => work(driver, signal));
  }

  private async timed<T>(name: CloudCall, work: () => Promise<T>): Promise<T> {
    const { now, watch } = this.options;
    const begun = now();
    const tell = (error: unknown) => {
      if (!this.stopped.signal.aborted) watch.called(this.group, name, (now() - begun) / 1000, error);
    };
    try {
      // The end waits for no cloud, also where a call does not heed its signal.
      const result = await Promise.race([work(), this.end]);
      tell(undefined);
      return result;
    } catch (error) {
      tell(error);
      throw error;
    }
  }
}

function withoutReason(error: unknown): NodeGroupProblem {
  return { kind: "rejected", message: messageOf(error), at: new Date() };
}

function arrived({ machines }: NodeGroupDescription): number {
  return machines.filter(({ state }) => state === "creating" || state === "running").length;
}
