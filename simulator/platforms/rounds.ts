import { setTimeout as delay } from "node:timers/promises";

/** What a played controller does again and again until it is closed, and what goes wrong with it meanwhile. */
export class Rounds<Troubles extends object> {
  readonly #end = new AbortController();
  /** Aborted when it is closed. */
  readonly signal: AbortSignal = this.#end.signal;
  #troubles: Partial<Troubles> = {};
  #running: Promise<void> = Promise.resolve();
  #round: Promise<void> = Promise.resolve();

  get troubles(): Partial<Troubles> {
    return this.#troubles;
  }

  /** Replaces the troubles. Ends when the round that began with those before has ended: what comes afterwards knows the new ones alone. */
  async suffer(troubles: Partial<Troubles>): Promise<void> {
    this.#troubles = troubles;
    await this.#round;
  }

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
      this.#round = round().catch(() => undefined);
      await this.#round;
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
