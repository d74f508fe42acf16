/**
 * Machines of the third kind: emulated, with a kernel of their own. Slow, and true where this computer's kernel may lack something (dm-crypt, NFS).
 * All are on one wire; each reaches this computer's loopback, and nothing comes in but SSH.
 */
import { join } from "node:path";
import type { MachineKind, MachineSpec } from "../../simulator/machines/machine";
import { newSshKeyPair } from "../../simulator/ssh-key-pair";
import { freePort } from "../free-port";
import type { VmImage } from "./image";
import { VirtualMachine } from "./virtual-machine";

/** This computer's loopback, as a machine sees it. */
export const hostAddress = "10.0.2.2";

export interface VirtualMachineSpec extends MachineSpec {
  /** A disk besides its own: a raw file, which outlives the machine. */
  readonly dataDisk?: string | undefined;
}

/** A small machine, with what the test says. */
export function vmSpec(
  given: Pick<VirtualMachineSpec, "id" | "name" | "address" | "startScript" | "dataDisk">,
): VirtualMachineSpec {
  return { vcpus: 2, memoryGib: 1, gpus: undefined, ...given };
}

export interface VirtualMachines extends MachineKind {
  machine(spec: VirtualMachineSpec): VirtualMachine;
  /** With which one logs in where the start script authorises it. */
  readonly sshKey: { readonly public: string; readonly private: string };
}

export interface VirtualMachinesOptions {
  /** Holds one directory per machine: its disk and its console. */
  readonly dir: string;
  readonly image: VmImage;
}

/** Ask `emulationProblem` first whether this computer can. */
export async function virtualMachines({ dir, image }: VirtualMachinesOptions): Promise<VirtualMachines> {
  const machines = new Map<string, VirtualMachine>();
  const sshKey = newSshKeyPair();
  const wire = await freePort();
  return {
    name: "vm",
    sshKey,
    machine(spec) {
      const machine =
        machines.get(spec.id) ??
        new VirtualMachine(spec, {
          directory: join(dir, spec.id.replaceAll("/", "~")),
          image,
          wire,
          sshPrivateKey: sshKey.private,
          erased: () => machines.delete(spec.id),
        });
      machines.set(spec.id, machine);
      return machine;
    },
    // They end with the process that started them.
    sweep: () => Promise.resolve(),
    async close() {
      await Promise.all([...machines.values()].map((machine) => machine.stop()));
    },
  };
}
