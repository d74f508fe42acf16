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

/** Nobody could find out whether the create made anything: the object may exist. */
export class OutcomeUnknown extends Error {
  override readonly name = "OutcomeUnknown";
}

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
  backoff: Backoff = mithrilBackoff,
): Promise<T> {
  const [before] = create.absent ? [] : await create.find(signal);
  if (before) throw new NameTaken(taken(create, before));
  let interval = backoff.firstMs;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    const lasting = outlasting(signal, answerAfterAbortMs);
    try {
      return await create.send(lasting.signal);
    } catch (error) {
      if (signal.aborted) return await settle(create, signal, error);
      if (!isMithrilError(error, "unavailable", "alreadyExists")) throw error;
      const found = await lookUp(create, error, signal);
      if (found) return adopt(create, found);
      if (error.kind === "alreadyExists" || attempt >= backoff.retries) throw error;
      await sleep(Math.max(error.retryAfter ?? 0, interval * (1 + Math.random())), signal);
      interval = Math.min(interval * backoff.factor, backoff.longestMs);
    } finally {
      lasting.end();
    }
  }
}

/** A create that is on its way is not called back at once: its answer has the id. */
function outlasting(signal: AbortSignal, ms: number): { signal: AbortSignal; end(): void } {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = () => (timer = setTimeout(() => late.abort(signal.reason), ms));
  signal.addEventListener("abort", begin, { once: true });
  const end = () => {
    signal.removeEventListener("abort", begin);
    clearTimeout(timer);
  };
  return { signal: late.signal, end };
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

/** After an interruption without an answer: what was made, or `sent` if nothing was as far as can be seen. */
async function settle<T extends { fid: string }>(
  create: CreateOnce<T>,
  signal: AbortSignal,
  sent: unknown,
): Promise<T> {
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
  if (found) return adopt(create, found);
  throw sent;
}

function adopt<T extends { fid: string }>(create: CreateOnce<T>, found: T): T {
  const differences = create.differences(found);
  if (differences.length === 0) return found;
  throw new NameTaken(`${taken(create, found)}; it differs: ${differences.join(", ")}`);
}

function taken<T extends { fid: string }>({ kind, name, token }: CreateOnce<T>, found: T): string {
  return `a ${kind} named "${name}" exists already (${found.fid}): choose another name, delete it, or import it (pulumi import ${token} <name> ${found.fid})`;
}
