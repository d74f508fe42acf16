import { setTimeout as delay } from "node:timers/promises";
import pRetry from "p-retry";
import { CudoApiError, type CudoErrorKind } from "./errors";

/** Cudo recommends 0.5 s × 1.6 up to 30 s, with jitter (reference: Cudo API, "Errors"). */
export interface Backoff {
  /** Tries after the first. */
  readonly retries: number;
  readonly firstMs: number;
  readonly factor: number;
  readonly longestMs: number;
}

export const defaultBackoff: Backoff = { retries: 6, firstMs: 500, factor: 1.6, longestMs: 30_000 };

/** Longest wait that a `Retry-After` may ask for: beyond it the error is more useful than the wait. */
const longestRetryAfterMs = 120_000;

/** Repeats `work` while it fails with one of `kinds`. */
export function retrying<T>(
  work: () => Promise<T>,
  { kinds, backoff, signal }: { kinds: readonly CudoErrorKind[]; backoff: Backoff; signal: AbortSignal },
): Promise<T> {
  const passes = (error: Error) =>
    error instanceof CudoApiError && kinds.includes(error.kind) && (error.retryAfter ?? 0) <= longestRetryAfterMs;
  return pRetry(work, {
    retries: backoff.retries,
    minTimeout: backoff.firstMs,
    factor: backoff.factor,
    maxTimeout: backoff.longestMs,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => !signal.aborted && passes(error),
    onFailedAttempt: async ({ error, retriesLeft }) => {
      if (retriesLeft > 0 && passes(error) && error instanceof CudoApiError && error.retryAfter) {
        await delay(error.retryAfter, undefined, { signal });
      }
    },
  });
}
