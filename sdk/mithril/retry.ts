import pRetry from "p-retry";
import { MithrilApiError, type MithrilErrorKind } from "./errors";
import { sleep } from "../cloud/wait";

/** Mithril publishes no recommendation; its own client waits 1 s × 2 up to 60 s (reference: Mithril API, "Rate limits"). */
export interface Backoff {
  /** Tries after the first. */
  readonly retries: number;
  readonly firstMs: number;
  readonly factor: number;
  readonly longestMs: number;
}

export const defaultBackoff: Backoff = { retries: 5, firstMs: 1000, factor: 2, longestMs: 60_000 };

/** Longest wait that a `Retry-After` may ask for: beyond it the error is more useful than the wait. */
const longestRetryAfterMs = 120_000;

/** Repeats `work` while it fails with one of `kinds`. */
export function retrying<T>(
  work: () => Promise<T>,
  { kinds, backoff, signal }: { kinds: readonly MithrilErrorKind[]; backoff: Backoff; signal: AbortSignal },
): Promise<T> {
  const passes = (error: Error) =>
    error instanceof MithrilApiError && kinds.includes(error.kind) && (error.retryAfter ?? 0) <= longestRetryAfterMs;
  return pRetry(work, {
    retries: backoff.retries,
    minTimeout: backoff.firstMs,
    factor: backoff.factor,
    maxTimeout: backoff.longestMs,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => !signal.aborted && passes(error),
    onFailedAttempt: async ({ error, retriesLeft }) => {
      if (retriesLeft > 0 && passes(error) && error instanceof MithrilApiError && error.retryAfter) {
        await sleep(error.retryAfter, signal);
      }
    },
  });
}
