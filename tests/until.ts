import { setTimeout as sleep } from "node:timers/promises";

/** Long, because the computer may be busy: what it ends never would. */
const patienceMs = 180_000;

/** Looks until there is something, and returns it. An error counts as "not yet", and is told when time is up. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = patienceMs,
): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(25)) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`not seen within ${withinMs / 1000} s: ${what}`, { cause: last });
}
