/** What creating and deleting have in common: create once, wait, clean up what failed, keep what stays in the state. */
import { PartialFailure, type ResourceContext } from "../../server/resource";
import { messageOf } from "../../../sdk/message";
import { OutcomeUnknown } from "../../cloud/outcome-unknown";
import { createOnce, IdTaken, type CreateOnce } from "../create-once";
import { isCudoError } from "../errors";
import { waitFor } from "../../cloud/wait";

export interface Lifecycle<T> extends CreateOnce<T> {
  ready(found: T): boolean;
  /** Why it never will be, in words. */
  failed(found: T): string | undefined;
  /** Why nothing more comes of it until somebody acts, in words; undefined: something may. */
  halted?(found: T): string | undefined;
  /** For the progress message. */
  progress(found: T): string;
  remove(signal: AbortSignal): Promise<void>;
  /** Takes back what was made elsewhere for it: once it is gone, or where `send` may have made that and Cudo has no such object. May be repeated. */
  clean?(signal: AbortSignal): Promise<void>;
  /** Why a refused removal will not pass by waiting; undefined: it may. */
  stuck?(found: T, signal: AbortSignal): Promise<string | undefined>;
  /** What the state keeps of a half-made one. */
  outputs(found: T | undefined): object;
}

/** A new object may not be visible at once. */
const longestInvisibleMs = 30_000;
/** A refusal that does not look temporary still gets this long, and so does a removal that was accepted, before it is asked for again. */
const patienceMs = 60_000;
/** A state in which it stays until somebody acts may be one that it passes. */
const haltedForMs = 5 * 60_000;

type Operation = Pick<ResourceContext, "log"> & { signal: AbortSignal };

/**
 * Makes it and waits until it is ready. One that failed is removed again, so that nothing is left; if it cannot be removed, or the wait
 * is interrupted, it stays in the state.
 */
export async function bringUp<T>(object: Lifecycle<T>, { signal, log }: Operation): Promise<T> {
  let isSent = false;
  const send = (each: AbortSignal) => {
    isSent = true;
    return object.send(each);
  };
  try {
    await createOnce({ ...object, send }, signal);
  } catch (error) {
    if (error instanceof OutcomeUnknown) {
      throw new PartialFailure(
        object.id,
        object.outputs(undefined),
        [`${error.message}. The next \`pulumi up\` looks for it and goes on`],
        {
          cause: error,
        },
      );
    }
    // Before anything is sent, what is there elsewhere is an earlier run's, and so may the object be.
    if (isSent) await cleanAfter(error, object, signal);
    throw error;
  }
  let last: T | undefined;
  let haltedSince: number | undefined;
  const since = Date.now();
  try {
    const end = await waitFor(async () => {
      const found = await object.find(signal);
      if (!found) {
        if (Date.now() - since > longestInvisibleMs)
          throw new Error(`${object.kind} "${object.id}" disappeared while it was being made`);
        return undefined;
      }
      last = found;
      log.status(object.progress(found));
      const halted = object.halted?.(found);
      haltedSince = halted === undefined ? undefined : (haltedSince ?? Date.now());
      if (halted !== undefined && Date.now() - haltedSince! >= haltedForMs) throw new Error(halted);
      return object.failed(found) !== undefined || object.ready(found) ? found : undefined;
    }, signal);
    if (object.failed(end) === undefined) {
      return end;
    }
  } catch (error) {
    const state = last && ` (${object.progress(last)})`;
    const reasons = [
      `${messageOf(error)}; ${object.kind} "${object.id}" is not ready yet${state ?? ""}. The next \`pulumi up\` goes on with it`,
    ];
    throw new PartialFailure(object.id, object.outputs(last), reasons, { cause: error });
  }
  const reason = `${object.kind} "${object.id}" failed while it was being made: ${object.failed(last!)}`;
  log.warn(`${reason}; removing it`);
  try {
    await bringDown(object, { signal, log });
  } catch (error) {
    throw new PartialFailure(
      object.id,
      object.outputs(last),
      [`${reason}. It could not be removed: ${messageOf(error)}`],
      { cause: error },
    );
  }
  throw new Error(`${reason}. It has been removed; nothing is left of it`);
}

/** It was not made. What is there already is another's, and so is what was made for it. */
async function cleanAfter<T>(error: unknown, object: Lifecycle<T>, signal: AbortSignal): Promise<void> {
  if (error instanceof IdTaken || isCudoError(error, "alreadyExists")) return;
  try {
    await object.clean?.(signal);
  } catch (left) {
    const reasons = [messageOf(error), `what was made for it elsewhere stays: ${messageOf(left)}`];
    throw new PartialFailure(object.id, object.outputs(undefined), reasons, { cause: error });
  }
}

/** Removes it and waits until it is gone. Refusals are waited out while they may pass. */
export async function bringDown<T>(object: Lifecycle<T>, { signal, log }: Operation): Promise<void> {
  let acceptedAt = -Infinity;
  let refusedSince: number | undefined;
  await waitFor(async () => {
    const found = await object.find(signal);
    if (!found) {
      return true;
    }
    log.status(`${object.kind} ${object.id} is being deleted: ${object.progress(found)}`);
    // Clouds forget what they have accepted: then it is asked for again.
    if (object.leaving?.(found) || Date.now() - acceptedAt < patienceMs) {
      return undefined;
    }
    try {
      await object.remove(signal);
      acceptedAt = Date.now();
    } catch (error) {
      if (!isCudoError(error, "precondition", "invalid", "alreadyExists")) {
        throw error;
      }
      // What was accepted is under way, whatever its repetition is told.
      if (acceptedAt > -Infinity) {
        acceptedAt = Date.now();
        return undefined;
      }
      refusedSince ??= Date.now();
      const why = await object.stuck?.(found, signal);
      if (why !== undefined && Date.now() - refusedSince >= patienceMs) {
        throw new Error(`${object.kind} "${object.id}" cannot be deleted: ${why}. ${error.message}`, { cause: error });
      }
    }
    return undefined;
  }, signal);
  await object.clean?.(signal);
}
