/** One deadline for all steps of an operation, and which errors are not worth waiting for. */
import { KubernetesApiError } from "../kubernetes/api";
import { NotYet, waitFor } from "../kubernetes/handlers/wait";
import type { ResourceContext } from "../server/resource";

export interface Patience {
  readonly signal: AbortSignal;
  readonly log: ResourceContext["log"];
  /** When all must be done, by `Date.now()`. */
  readonly until: number;
  /** What that was, for messages. Seconds. */
  readonly seconds: number;
}

export function patience(context: ResourceContext, timeoutSeconds: number): Patience {
  const ms = context.timeoutMs ?? timeoutSeconds * 1000;
  return { signal: context.signal, log: context.log, until: Date.now() + ms, seconds: Math.round(ms / 1000) };
}

/**
 * Tries until it gets something else than `NotYet`. What the API server refuses for good is thrown at once; no answer, a conflict and its own
 * faults are tried again. `explain` says what the last reason means when the time is over.
 */
export async function patiently<T>(
  what: string,
  { signal, log, until, seconds }: Patience,
  attempt: () => Promise<T | NotYet>,
  explain: (reason: string) => string,
): Promise<T> {
  const settled = async (): Promise<{ value: T } | { error: unknown } | NotYet> => {
    try {
      const value = await attempt();
      return value instanceof NotYet ? value : { value };
    } catch (error) {
      if (isRefusal(error)) return { error };
      throw error;
    }
  };
  const result = await waitFor(settled, {
    what,
    timeoutMs: Math.max(0, until - Date.now()),
    signal,
    log,
    timedOut: (reason) => new Error(`${explain(reason)} (waited ${seconds} s in all)`),
  });
  if ("error" in result) throw result.error;
  return result.value;
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof KubernetesApiError &&
    error.statusCode >= 400 &&
    error.statusCode < 500 &&
    ![401, 408, 409, 429].includes(error.statusCode)
  );
}
