/**
 * Creates that are safe to repeat although an answer may be lost. Mithril makes up the ids, so what a lost create made is found by its name.
 *
 * The rule: nothing of that name was there before this operation, this operation sent a create, and what is there now has the shape that
 * was asked for: then it is ours. An object that was there before is never taken: nothing on it proves who made it. `NameTaken` says how
 * to import it.
 */
import type { Backoff } from "../cloud/retry";
import { sleep } from "../cloud/wait";
import { isMithrilError, type MithrilApiError } from "./errors";
import { mithrilBackoff } from "./backoff";

export interface CreateOnce<T> {
  /** For messages: `cluster`, `spot bid`. */
  kind: string;
  name: string;
  /** Live objects of that name. */
  find(signal: AbortSignal): Promise<T[]>;
  send(signal: AbortSignal): Promise<T>;
  /** Differences from what was asked for, in words; none: it is the same. */
  differences(found: T): string[];
  /** Pulumi type token, for the import command. */
  token: string;
  /** The caller has just seen that there is none. */
  absent?: boolean;
}

export class NameTaken extends Error {
  override readonly name = "NameTaken";
}

/** The create was sent and interrupted: the object may exist. */
export class OutcomeUnknown extends Error {
  override readonly name = "OutcomeUnknown";
}

/** Must end well within the time that an interrupted operation still gets. */
const lookAfterAbortMs = 3_000;

/** Makes the object, or finds that it is made. Returns when the cloud has accepted it, not when it is ready. */
export async function createOnce<T extends { fid: string }>(
  create: CreateOnce<T>,
  signal: AbortSignal,
  backoff: Backoff = mithrilBackoff,
): Promise<T> {
  const [before] = create.absent ? [] : await create.find(signal);
  if (before) throw new NameTaken(taken(create, before));
  let interval = backoff.firstMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await create.send(signal);
    } catch (error) {
      if (signal.aborted) {
        await settle(create, signal);
        throw error;
      }
      if (!isMithrilError(error, "unavailable", "alreadyExists")) throw error;
      const found = await lookUp(create, error, signal);
      if (found) return adopt(create, found);
      if (error.kind === "alreadyExists" || attempt >= backoff.retries) throw error;
      await sleep(Math.max(error.retryAfter ?? 0, interval * (1 + Math.random())), signal);
      interval = Math.min(interval * backoff.factor, backoff.longestMs);
    }
  }
}

/** When even looking fails, nobody knows whether it was made. */
async function lookUp<T>(create: CreateOnce<T>, sent: MithrilApiError, signal: AbortSignal): Promise<T | undefined> {
  try {
    return (await create.find(signal))[0];
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new OutcomeUnknown(
      `whether ${create.kind} "${create.name}" was made is unknown: ${sent.message}; looking for it: ${words}`,
      { cause: sent },
    );
  }
}

/** After an interruption: returns if nothing was made as far as can be seen. */
async function settle<T extends { fid: string }>(create: CreateOnce<T>, signal: AbortSignal): Promise<void> {
  const reason = signal.reason instanceof Error ? signal.reason.message : String(signal.reason);
  let found: T | undefined;
  try {
    [found] = await create.find(AbortSignal.timeout(lookAfterAbortMs));
  } catch (error) {
    throw new OutcomeUnknown(
      `interrupted while ${create.kind} "${create.name}" was being made (${reason}); whether it exists is unknown`,
      { cause: error },
    );
  }
  if (found) {
    throw new OutcomeUnknown(
      `interrupted while ${create.kind} "${create.name}" was being made (${reason}): ${taken(create, found)}`,
    );
  }
}

function adopt<T extends { fid: string }>(create: CreateOnce<T>, found: T): T {
  const differences = create.differences(found);
  if (differences.length === 0) return found;
  throw new NameTaken(`${taken(create, found)}; it differs: ${differences.join(", ")}`);
}

function taken<T extends { fid: string }>({ kind, name, token }: CreateOnce<T>, found: T): string {
  return `a ${kind} named "${name}" exists already (${found.fid}): choose another name, delete it, or import it (pulumi import ${token} <name> ${found.fid})`;
}
