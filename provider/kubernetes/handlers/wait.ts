/** Waiting for a cluster: quick at first, then patient; always with an end. */
import { setTimeout as delay } from "node:timers/promises";
import type { ResourceLog } from "../../server/resource";
import { messageOf } from "../../cloud/message";

/** A pause is an eighth of the time waited so far, within these limits: nobody waits much longer than was needed. */
const shortestPauseMs = 100;
const longestPauseMs = 5_000;
const defaultHopelessEveryMs = 15_000;

export interface Wait {
  /** For the progress message: `the API server at https://10.0.0.2:6443`. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly log: Pick<ResourceLog, "status">;
  /** Said when the time is over. `reason` is what the last attempt gave. */
  timedOut(reason: string, seconds: number): Error | Promise<Error>;
  /** Asked now and then: an error when waiting longer is of no use. */
  hopeless?(reason: string): Promise<Error | undefined>;
  /** @default 15000 */
  readonly hopelessEveryMs?: number;
}

/** Still to wait, because of this. An error means the same. */
export class NotYet {
  constructor(readonly reason: string) {}
}

/** Tries until it gets something else than `NotYet` or an error. Rejects with the signal's reason, or with `timedOut`. */
export async function waitFor<T>(attempt: () => Promise<T | NotYet>, wait: Wait): Promise<T> {
  const started = Date.now();
  let asked = started;
  for (;;) {
    wait.signal.throwIfAborted();
    const result = await attempt().catch((error: unknown) => {
      wait.signal.throwIfAborted();
      return new NotYet(messageOf(error));
    });
    if (!(result instanceof NotYet)) return result;
    const elapsedMs = Date.now() - started;
    const pauseMs = Math.min(Math.max(elapsedMs / 8, shortestPauseMs), longestPauseMs);
    if (elapsedMs + pauseMs > wait.timeoutMs)
      throw await wait.timedOut(result.reason, Math.round(wait.timeoutMs / 1000));
    if (wait.hopeless !== undefined && Date.now() - asked >= (wait.hopelessEveryMs ?? defaultHopelessEveryMs)) {
      asked = Date.now();
      const error = await wait.hopeless(result.reason);
      if (error !== undefined) throw error;
    }
    wait.log.status(`waiting for ${wait.what} (${Math.round(elapsedMs / 1000)} s): ${result.reason}`);
    await delay(pauseMs, undefined, { signal: wait.signal });
  }
}
