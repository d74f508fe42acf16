/** Public addresses as the machines see them: connections to one go on to a machine that has it. */
import { wireAddress } from "./address";
import type { Network } from "./network";

interface Translation {
  readonly hosts: string;
  readonly listeners: readonly { close(): void }[];
}

export class PublicAddresses {
  readonly #translations = new Map<string, Translation>();
  #work: Promise<void> = Promise.resolve();

  constructor(private readonly network: Network) {}

  /** `wanted`: the machines' private addresses by public address. One change at a time. */
  apply(wanted: ReadonlyMap<string, readonly string[]>, ports: readonly number[]): Promise<void> {
    const change = this.#work.then(() => this.#apply(wanted, ports));
    this.#work = change.catch(() => undefined);
    return change;
  }

  async #apply(wanted: ReadonlyMap<string, readonly string[]>, ports: readonly number[]): Promise<void> {
    for (const [address, { hosts, listeners }] of this.#translations) {
      if (wanted.get(address)?.join() === hosts) continue;
      for (const listener of listeners) listener.close();
      this.#translations.delete(address);
    }
    for (const [address, hosts] of wanted) {
      if (this.#translations.has(address)) continue;
      const listeners = await Promise.all(
        ports.map((port) => {
          const targets = hosts.map((host) => ({ host, port }));
          return this.network.listen(wireAddress(address), port, targets);
        }),
      );
      this.#translations.set(address, { hosts: hosts.join(), listeners });
    }
  }
}
