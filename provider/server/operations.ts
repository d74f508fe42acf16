/** What the plugin is doing right now, and how each of it ends early: by ^C, by a timeout, or by a crash. */
import { AsyncLocalStorage } from "node:async_hooks";
import { setMaxListeners } from "node:events";
import { messageOf } from "../../sdk/message";
import { PartialFailure } from "./resource";

/** Why an operation must stop, and how long it may take to come to a safe end before it is answered without it. */
class Interruption extends Error {
  override readonly name: string = "Interruption";
  constructor(
    message: string,
    readonly graceMs: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

interface Operation {
  readonly description: string;
  readonly controller: AbortController;
}

const CANCEL_GRACE_MS = 5_000;
const TIMEOUT_GRACE_MS = 10_000;
const CRASH_GRACE_MS = 1_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Operations {
  private readonly running = new Set<Operation>();
  private readonly current = new AsyncLocalStorage<Operation>();

  get count(): number {
    return this.running.size;
  }

  /**
   * Runs `work` to its end. When its signal aborts, work has the interruption's grace to reject (best with a
   * `PartialFailure` that names what exists); after that the caller gets an error, so that the engine never hangs.
   */
  async run<T>(
    description: string,
    timeoutMs: number | undefined,
    work: (signal: AbortSignal) => Promise<T> | T,
  ): Promise<T> {
    const controller = new AbortController();
    const { signal } = controller;
    // Each request listens while it is on its way, and Node.js takes more than ten at once for a leak.
    setMaxListeners(0, signal);
    const operation: Operation = { description, controller };
    let deadline: NodeJS.Timeout | undefined;
    let grace: NodeJS.Timeout | undefined;
    const abandoned = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => {
        const reason = signal.reason as Interruption;
        grace = setTimeout(() => reject(reason), reason.graceMs);
      });
    });
    if (timeoutMs !== undefined && timeoutMs < LONGEST_TIMER_MS) {
      deadline = setTimeout(() => {
        const message = `${description} did not finish within ${duration(timeoutMs)} (customTimeouts)`;
        controller.abort(new Interruption(message, TIMEOUT_GRACE_MS));
      }, timeoutMs);
    }
    this.running.add(operation);
    try {
      return await Promise.race([this.current.run(operation, async () => work(signal)), abandoned]);
    } catch (error) {
      throw signal.aborted ? withReason(error, signal.reason as Interruption) : error;
    } finally {
      this.running.delete(operation);
      clearTimeout(deadline);
      clearTimeout(grace);
    }
  }

  /** The user interrupted, or the engine is done with the plugin. */
  cancel(): void {
    for (const { controller, description } of this.running) {
      controller.abort(new Interruption(`${description} was cancelled`, CANCEL_GRACE_MS));
    }
  }

  /** An error that nobody caught: a promise was lost, and whoever waits for it would wait for ever. */
  crash(error: unknown): void {
    const culprit = this.current.getStore();
    const affected = culprit && this.running.has(culprit) ? [culprit] : [...this.running];
    for (const { controller, description } of affected) {
      const message = `${description} failed with an unexpected error: ${messageOf(error)}`;
      controller.abort(new Interruption(message, CRASH_GRACE_MS, { cause: error }));
    }
  }
}

function withReason(error: unknown, reason: Interruption): unknown {
  if (error === reason) return reason;
  if (error instanceof PartialFailure) {
    const told = error.reasons.some((text) => text.includes(reason.message));
    const reasons = told ? error.reasons : [reason.message, ...error.reasons];
    return new PartialFailure(error.id, error.outputs, reasons, { cause: error });
  }
  const isPlainAbort = error instanceof Error && error.name === "AbortError";
  const message = isPlainAbort ? reason.message : `${reason.message}: ${messageOf(error)}`;
  return new Interruption(message, reason.graceMs, { cause: error });
}

/** `90 s`, `3 min`, `1 h 30 min`: as a person would say it. */
function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${ms < 1000 ? ms / 1000 : seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const parts = [minutes >= 60 && `${Math.floor(minutes / 60)} h`, minutes % 60 && `${minutes % 60} min`];
  return [...parts, seconds % 60 && `${seconds % 60} s`].filter(Boolean).join(" ");
}
