import { setTimeout as delay } from "node:timers/promises";

/** Between two looks: short at first, then longer, because AWS limits how often an account may ask. */
export interface Pace {
  readonly firstMs: number;
  readonly factor: number;
  readonly longestMs: number;
}

export const defaultPace: Pace = { firstMs: 250, factor: 1.5, longestMs: 10_000 };

/** Looks until `look` gives something. Ends when the signal aborts, with its reason. */
export async function waitFor<T>(look: () => Promise<T | undefined>, signal: AbortSignal, pace: Pace): Promise<T> {
  for (let interval = pace.firstMs; ; interval = Math.min(interval * pace.factor, pace.longestMs)) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    await sleep(interval, signal);
  }
}

/** Rejects with the signal's own reason. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** What was aborted rejects with the signal's own reason, and not with the SDK's word that a request was aborted. */
export async function withReason<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

export class DeadlinePassed extends Error {
  override readonly name = "DeadlinePassed";
}

/** Runs work under a time limit of its own, besides the caller's signal. */
export async function withDeadline<T>(
  { signal, ms, what }: { signal: AbortSignal; ms: number; what: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new DeadlinePassed(`${what} did not finish within ${Math.round(ms / 60_000)} min`)),
    ms,
  );
  try {
    return await work(AbortSignal.any([signal, limit.signal]));
  } finally {
    clearTimeout(timer);
  }
}
