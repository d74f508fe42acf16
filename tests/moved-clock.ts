/**
 * Another time for all that runs in this process: the plugin, the clouds that are simulated in it. Timers, deadlines and certificates' own
 * checks by OpenSSL keep the computer's. Processes of their own (moto, API servers) do not see it.
 */
export const yearMs = 365 * 24 * 3_600_000;

/** Returns what ends it. */
export function moveClock(ms: number): () => void {
  const real = Date;
  class MovedDate extends real {
    constructor(...args: [] | [string | number | Date]) {
      super(...((args.length === 0 ? [real.now() + ms] : args) as [number]));
    }

    static override now(): number {
      return real.now() + ms;
    }

    /** Dates of before are dates, too: AWS's SDK asks so. */
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof real;
    }
  }
  globalThis.Date = MovedDate as DateConstructor;
  return () => void (globalThis.Date = real);
}
