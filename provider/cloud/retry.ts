import pRetry from "p-retry";
import { ApiError, type PassingKind } from "./api-error";
import { sleep } from "./wait";

export interface Backoff {
  /** Tries after the first. */
  readonly retries: number;
  readonly firstMs: number;
  readonly factor: number;
  readonly longestMs: number;
}

/** Longest wait that a `Retry-After` may ask for: beyond it the error is more useful than the wait. */
export const longestRetryAfterMs = 120_000;

/** Repeats `work` while it fails with one of `kinds`, or was not sent. */
export function retrying<T>(
  work: () => Promise<T>,
  { kinds, backoff, signal }: { kinds: readonly PassingKind[]; backoff: Backoff; signal: AbortSignal },
): Promise<T> {
  const wanted: readonly string[] = kinds;
  const passes = (error: Error): error is ApiError<string> =>
    error instanceof ApiError &&
    (error.unsent || wanted.includes(error.kind)) &&
    (error.retryAfter ?? 0) <= longestRetryAfterMs;
  return pRetry(work, {
    retries: backoff.retries,
    minTimeout: backoff.firstMs,
    factor: backoff.factor,
    maxTimeout: backoff.longestMs,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => !signal.aborted && passes(error),
    onFailedAttempt: async ({ error, retriesLeft }) => {
      if (retriesLeft > 0 && passes(error) && error.retryAfter) await sleep(error.retryAfter, signal);
    },
  });
}
