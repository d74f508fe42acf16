import { setTimeout as sleep } from "node:timers/promises";

/** Long, because the computer may be busy: what it ends never would. */
const patienceMs = 180_000;

/** Looks until there is something. */
export async function until<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`not seen within ${patienceMs / 1000} s: ${what}`);
    await sleep(15);
  }
}
