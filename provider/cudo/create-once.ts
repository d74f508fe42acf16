/**
 * Creates that are safe to repeat although an answer may be lost. The caller chooses the ids, so what a lost create made can be found.
 *
 * The rule of adoption: an object with our id is taken as ours
 * - if it was not there before this operation, this operation sent a create, and it has the shape that was asked for; or
 * - if `made` proves that an earlier, interrupted run of the same resource made it (VMs carry a mark in their metadata).
 * Any other object with our id is refused with `IdTaken`, which says how to import it.
 */
import { messageOf } from "../../sdk/message";
import { OutcomeUnknown } from "../cloud/outcome-unknown";
import { sleep, waitFor, type Pace } from "../cloud/wait";
import { longestRetryAfterMs, type Backoff } from "../cloud/retry";
import { CudoApiError, isCudoError } from "./errors";
import { cudoBackoff } from "./backoff";

export interface CreateOnce<T> {
  /** For messages: `network`, `VM`. */
  kind: string;
  id: string;
  find(signal: AbortSignal): Promise<T | undefined>;
  send(signal: AbortSignal): Promise<void>;
  /** Differences from what was asked for, in words; none: it is the same. */
  differences(found: T): string[];
  /** True when the object itself proves that this resource made it. */
  made?(found: T): boolean;
  /** True while an earlier object of this id is on its way out. */
  leaving?(found: T): boolean;
  /** A look that the caller has just taken: the first. */
  looked?: { found: T | undefined };
  /** How to import an object of this id. */
  importHint: string;
}

export class IdTaken extends Error {
  override readonly name = "IdTaken";
}

/** Makes the object, or finds that it is made. Returns when the cloud has accepted it, not when it is ready. */
export async function createOnce<T>(
  create: CreateOnce<T>,
  signal: AbortSignal,
  backoff: Backoff = cudoBackoff,
  pace?: Pace,
): Promise<void> {
  let { looked } = create;
  const before = await waitFor(
    async () => {
      const { found } = looked ?? { found: await create.find(signal) };
      looked = undefined;
      return found && create.leaving?.(found) ? undefined : { found };
    },
    signal,
    pace,
  );
  if (before.found) {
    adopt(create, before.found, create.made?.(before.found) === true);
    return;
  }
  let interval = backoff.firstMs;
  // An answer was lost: a new object may not be visible at once, so that a look which does not show it proves nothing.
  let mayCome = false;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      await create.send(signal);
      return;
    } catch (error) {
      if (signal.aborted) {
        const reason = messageOf(signal.reason);
        // The request may still be on its way, so looking now would prove nothing.
        throw new OutcomeUnknown(`${reason}; ${create.kind} "${create.id}" may have been made`, { cause: error });
      }
      const unknown = (why: unknown) => (mayCome ? outcomeUnknown(create, error, messageOf(why)) : why);
      if (!isCudoError(error, "unavailable", "alreadyExists") || error.unsent) {
        throw unknown(error);
      }
      mayCome ||= error.kind === "unavailable";
      const found = await lookUp(create, error, signal);
      if (found) {
        adopt(create, found, create.made ? create.made(found) : true);
        return;
      }
      if (attempt >= backoff.retries || (error.retryAfter ?? 0) > longestRetryAfterMs) {
        throw unknown(error);
      }
      const pause = Math.max(error.retryAfter ?? 0, interval * (1 + Math.random()));
      await sleep(pause, signal).catch((stopped: unknown) => Promise.reject(unknown(stopped) as Error));
      interval = Math.min(interval * backoff.factor, backoff.longestMs);
    }
  }
}

/** When even looking fails, nobody knows whether it was made. */
async function lookUp<T>(create: CreateOnce<T>, sent: CudoApiError, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await create.find(signal);
  } catch (error) {
    throw outcomeUnknown(create, sent, `${sent.message}; looking for it: ${messageOf(error)}`);
  }
}

function outcomeUnknown<T>({ kind, id }: CreateOnce<T>, sent: unknown, words: string): OutcomeUnknown {
  return new OutcomeUnknown(`whether ${kind} "${id}" was made is unknown: ${words}`, { cause: sent });
}

function adopt<T>(create: CreateOnce<T>, found: T, ours: boolean): void {
  const differences = create.differences(found);
  if (ours && differences.length === 0) {
    return;
  }
  const how = differences.length > 0 ? ` (${differences.join(", ")})` : "";
  const who = ours
    ? `an interrupted run of this resource made it, of another shape${how}: delete it`
    : `this resource did not make it${how}, or is replaced without \`deleteBeforeReplace: true\`: choose another id, delete it`;
  throw new IdTaken(
    `a ${create.kind} with the id "${create.id}" exists already, and ${who}, or import it (${create.importHint})`,
  );
}
