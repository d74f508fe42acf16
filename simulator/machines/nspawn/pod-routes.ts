/** Routes to the pods of other machines, as a cloud's network would have them: each machine of a cluster sends pod networks to their nodes. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../../../toolchain/tools/command";

/** A machine that is on. */
export interface Routed {
  /** Machines with the same one know each other's pods. */
  readonly cluster: string;
  readonly wireAddress: string;
  /** A process of the machine, for its network namespace. */
  readonly leader: number;
  /** The machine's `/etc/cni/net.d`, seen from the host. */
  readonly networkConfiguration: string;
}

const everyMs = 1_000;

export class PodRoutes {
  readonly #machines = new Map<Routed, { podNetwork?: string }>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  add(machine: Routed): void {
    this.#machines.set(machine, {});
    this.#timer ??= setInterval(() => void this.#look(), everyMs).unref();
  }

  remove(machine: Routed): void {
    this.#machines.delete(machine);
  }

  /** Until every machine's pod network is known to the others; containerd writes it when the node has been given one. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      for (const [machine, known] of this.#machines) {
        if (known.podNetwork !== undefined) continue;
        const podNetwork = await podNetworkOf(machine.networkConfiguration);
        if (podNetwork === undefined) continue;
        // A machine that has just got its power has no network yet, and may know its pods' from an earlier boot.
        if (await this.#introduce(machine, podNetwork)) known.podNetwork = podNetwork;
      }
    } finally {
      this.#looking = false;
    }
    if ([...this.#machines.values()].every(({ podNetwork }) => podNetwork !== undefined)) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  /** Whether all routes are there. */
  async #introduce(machine: Routed, podNetwork: string): Promise<boolean> {
    const made: boolean[] = [];
    for (const [other, { podNetwork: otherNetwork }] of this.#machines) {
      if (other === machine || other.cluster !== machine.cluster) continue;
      made.push(await route(other, podNetwork, machine));
      if (otherNetwork !== undefined) made.push(await route(machine, otherNetwork, other));
    }
    return !made.includes(false);
  }
}

async function route(from: Routed, podNetwork: string, to: Routed): Promise<boolean> {
  const command = ["ip", "route", "replace", podNetwork, "via", to.wireAddress];
  const { failed } = await runCommand("nsenter", [`--net=/proc/${from.leader}/ns/net`, ...command], { reject: false });
  return !failed;
}

async function podNetworkOf(directory: string): Promise<string | undefined> {
  try {
    const text = await readFile(join(directory, "10-containerd-net.conflist"), "utf8");
    return /"subnet": *"([0-9.]+\/\d+)"/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}
