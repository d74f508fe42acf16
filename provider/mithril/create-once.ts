/**
 * Creates that are safe to repeat although an answer may be lost. Mithril makes up the ids, so what a lost create made is found by its name.
 * A create is posted once: nothing says that Mithril knows a second one again, and each order is charged. Where the answer is lost, the
 * object is looked for until it shows, or until nobody can say any more whether it was made.
 *
 * The rule: nothing of that name was there before this operation, this operation sent a create, and what is there now has the shape that
 * was asked for: then it is ours. An object that was there before is never taken, unless the state tells of a create whose outcome was
 * unknown: nothing on it proves who made it. `NameTaken` says how to import it.
 */
import { DeadlinePassed, outlasting, waitFor, withDeadline, type Pace } from "../cloud/wait";
import { messageOf } from "../../sdk/message";
import { OutcomeUnknown } from "../cloud/outcome-unknown";
import { isMithrilError, type MithrilApiError } from "./errors";

export interface CreateOnce<T> {
  /** For messages: `cluster`, `spot bid`. */
  kind: string;
  name: string;
  /** Live objects of that name. */
  find(signal: AbortSignal): Promise<T[]>;
  send(signal: AbortSignal): Promise<T>;
  /** Differences from what was asked for, in words; none: it is the same. */
  differences(found: T): string[];
  /** Why what has the name can be neither deleted nor imported, and what to do; undefined: it can. */
  spent?(found: T): string | undefined;
  /** Pulumi type token, for the import command. */
  token: string;
  /** The caller has just seen that there is none. */
  absent?: boolean;
  /** What is there is an earlier create's, whose outcome was unknown. */
  expected?: boolean;
}

export class NameTaken extends Error {
  override readonly name = "NameTaken";
}

/** How long a create without an answer is looked for, and how often. */
export interface Search {
  readonly ms: number;
  readonly pace: Pace;
}

/** Tests that lose many answers set the variable. */
const search = (): Search => ({
  ms: Number(process.env.GPU_CLUSTERS_MITHRIL_SEARCH_MS ?? 90_000),
  pace: { firstMs: 500, factor: 1.5, longestMs: 10_000 },
});

/** Together well within the time that an interrupted operation still gets. */
const answerAfterAbortMs = 2_000;
const lookAfterAbortMs = 2_000;

/**
 * Makes the object, or finds that it is made. Returns when the cloud has accepted it, not when it is ready, and also when it was interrupted
 * meanwhile: whoever called must come to know the id, or nobody could find the object again.
 */
export async function createOnce<T extends { fid: string }>(
  create: CreateOnce<T>,
  signal: AbortSignal,
  { ms, pace }: Search = search(),
): Promise<T> {
  const [before] = create.absent ? [] : await create.find(signal);
  if (before && create.expected) return adopt(create, before);
  if (before) throw new NameTaken(create.spent?.(before) ?? taken(create, before));
  signal.throwIfAborted();
  const lasting = outlasting(signal, answerAfterAbortMs);
  try {
    return await create.send(lasting.signal);
  } catch (error) {
    if (signal.aborted) return await settle(create, signal, error);
    if (!isMithrilError(error, "unavailable", "alreadyExists")) throw error;
    if (error.unsent) throw error;
    if (error.kind === "unavailable") return adopt(create, await searchFor(create, error, { ms, pace }, signal));
    const [found] = await create.find(signal);
    if (found) return adopt(create, found);
    throw error;
  } finally {
    lasting.end();
  }
}

/** What the create made. A list may lag behind, and may fail as the create did. */
async function searchFor<T>(
  create: CreateOnce<T>,
  sent: MithrilApiError,
  { ms, pace }: Search,
  signal: AbortSignal,
): Promise<T> {
  const what = `${create.kind} "${create.name}"`;
  let trouble = "";
  const look = async (stop: AbortSignal) => {
    try {
      trouble = "";
      return (await create.find(stop))[0];
    } catch (error) {
      if (!isMithrilError(error, "unavailable", "rateLimit")) throw error;
      trouble = `; looking for it: ${error.message}`;
      return undefined;
    }
  };
  try {
    return await withDeadline({ signal, ms, what: `looking for ${what}` }, (stop) =>
      waitFor(() => look(stop), stop, pace),
    );
  } catch (error) {
    const why = error instanceof DeadlinePassed ? "" : `; ${messageOf(error)}`;
    throw new OutcomeUnknown(
      `whether ${what} was made is unknown: ${sent.message}. ` +
        `It was looked for and did not show${trouble}${why}; it is not ordered again, because it could be charged twice`,
      { cause: sent },
    );
  }
}

/** After an interruption without an answer: what was made, or `sent` if nothing was as far as can be seen. */
async function settle<T extends { fid: string }>(
  create: CreateOnce<T>,
  signal: AbortSignal,
  sent: unknown,
): Promise<T> {
  const reason = messageOf(signal.reason);
  let found: T | undefined;
  try {
    [found] = await create.find(AbortSignal.timeout(lookAfterAbortMs));
  } catch (error) {
    throw new OutcomeUnknown(
      `interrupted while ${create.kind} "${create.name}" was being made (${reason}); whether it exists is unknown`,
      { cause: error },
    );
  }
  if (found) return adopt(create, found);
  throw sent;
}

function adopt<T extends { fid: string }>(create: CreateOnce<T>, found: T): T {
  const differences = create.differences(found);
  if (differences.length === 0) return found;
  throw new NameTaken(`${taken(create, found)}; it differs: ${differences.join(", ")}`);
}

function taken<T extends { fid: string }>({ kind, name, token }: CreateOnce<T>, found: T): string {
  return (
    `a ${kind} named "${name}" exists already (${found.fid}): choose another name, delete it, or import it (pulumi import ${token} <name> ${found.fid}); ` +
    "where it is to be replaced, `deleteBeforeReplace: true` has it deleted first"
  );
}
