import type { ResourceContext } from "../server/resource";
import { longestTimerMs, withDeadline } from "./wait";

/** Runs the work under the user's `customTimeouts`, else under the default. `what`: `creating cluster "c"`. */
export function limited<T>(
  { signal, timeoutMs }: Pick<ResourceContext, "signal" | "timeoutMs">,
  { what, ms }: { what: string; ms: number },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withDeadline({ signal, ms: Math.min(timeoutMs ?? ms, longestTimerMs), what }, work);
}
