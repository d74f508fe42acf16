/** Public addresses as the machines see them: connections to one go on to the machine that has it. */
import { wireAddress } from "./address";
import type { Network } from "./network";

interface Translation {
  readonly host: string;
  readonly listeners: readonly { close(): void }[];
}

export class PublicAddresses {
  readonly #translations = new Map<string, Translation>();
  #work: Promise<void> = Promise.resolve();

  constructor(private readonly network: Network) {}

  /** `wanted`: the machine's private address by public address. One change at a time. */
  apply(wanted: ReadonlyMap<string, string>, ports: readonly number[]): Promise<void> {
    const change = this.#work.then(() => this.#apply(wanted, ports));
    this.#work = change.catch(() => undefined);
    return change;
  }

  async #apply(wanted: ReadonlyMap<string, string>, ports: readonly number[]): Promise<void> {
    for (const [address, { host, listeners }] of this.#translations) {
      if (wanted.get(address) === host) continue;
      for (const listener of listeners) listener.close();
      this.#translations.delete(address);
    }
    for (const [address, host] of wanted) {
      if (this.#translations.has(address)) continue;
      const listeners = await Promise.all(
        ports.map((port) => this.network.listen(wireAddress(address), port, { host, port })),
      );
      this.#translations.set(address, { host, listeners });
    }
  }
}
