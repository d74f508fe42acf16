/** Waiting for a cloud: with growing pauses, under a deadline, until the caller's signal aborts. */
import { setTimeout as delay } from "node:timers/promises";

/** Between two looks: short at first, because a fast cloud should be fast, then longer, because a slow one limits requests. */
export interface Pace {
  readonly firstMs: number;
  readonly factor: number;
  readonly longestMs: number;
}

export const defaultPace: Pace = { firstMs: 100, factor: 1.25, longestMs: 10_000 };

/** Looks until `look` gives something. Ends when the signal aborts, with its reason. */
export async function waitFor<T>(
  look: () => Promise<T | undefined>,
  signal: AbortSignal,
  pace: Pace = defaultPace,
): Promise<T> {
  signal.throwIfAborted();
  for (let interval = pace.firstMs; ; interval = Math.min(interval * pace.factor, pace.longestMs)) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(interval, signal);
  }
}

/** Node.js takes a longer one for none. */
export const longestTimerMs = 2 ** 31 - 1;

/** Rejects with the signal's own reason. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await withReason(signal, () => delay(Math.min(ms, longestTimerMs), undefined, { signal }));
}

/**
 * What was aborted rejects with the signal's own reason, and not with a library's word that it was aborted. Errors of our own pass: they may
 * carry what was made.
 */
export async function withReason<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") signal.throwIfAborted();
    throw error;
  }
}

/** A signal that aborts so much later than the given one: a create that is on its way is not called back at once, its answer has the id. */
export function outlasting(signal: AbortSignal, ms: number): { signal: AbortSignal; end(): void } {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = () => (timer = setTimeout(() => late.abort(signal.reason), ms));
  signal.addEventListener("abort", begin, { once: true });
  const end = () => {
    signal.removeEventListener("abort", begin);
    clearTimeout(timer);
  };
  return { signal: late.signal, end };
}

export class DeadlinePassed extends Error {
  override readonly name = "DeadlinePassed";
}

/** Runs work under a time limit of its own, besides the caller's signal. */
export async function withDeadline<T>(
  { signal, ms, what }: { signal: AbortSignal; ms: number; what: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  const timer = setTimeout(
    () => controller.abort(new DeadlinePassed(`${what} did not finish within ${minutes(ms)}`)),
    ms,
  );
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

function minutes(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
