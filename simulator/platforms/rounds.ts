import { setTimeout as delay } from "node:timers/promises";

/** What a played controller does again and again until it is closed. */
export class Rounds {
  readonly #end = new AbortController();
  /** Aborted when it is closed. */
  readonly signal: AbortSignal = this.#end.signal;
  #running: Promise<void> = Promise.resolve();

  start(round: () => Promise<void>, pollMs: number): void {
    this.#running = this.#run(round, pollMs);
  }

  /** Ends when the round that goes on has ended. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  async #run(round: () => Promise<void>, pollMs: number): Promise<void> {
    const { signal } = this;
    while (!signal.aborted) {
      // The API server may be away, or have no definitions yet.
      await round().catch(() => undefined);
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
