/** What a simulator's VMs are made of. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { MachineKind } from "./machine";
import { nspawnProblem } from "./nspawn/host";

/** Processes, or machines that boot. */
export type Machines = Exclude<MachineKind["name"], "vm">;

/** Where the machines of each kind have their disks, in the simulator's state directory. */
export const machineFolders: Readonly<Record<Machines, string>> = { nspawn: "nspawn", light: "machines" };

export interface MachineChoice {
  kind: Machines;
  /** For people. */
  reason: string;
}

export interface Circumstances {
  /** By the user. */
  asked: Machines | undefined;
  /** Kinds of which a stopped simulator has left machines. */
  left: readonly Machines[];
  /** Whether there may be new ones. */
  makesMachines: boolean;
  /** Why machines cannot boot here. */
  problem: string | undefined;
}

/** Machines are wanted that boot, and here they cannot. */
export class MachinesCannotBoot extends Error {}

/**
 * Machines that boot, wherever they can: they prove the node, too.
 * @throws MachinesCannotBoot
 */
export function chooseMachines({ asked, left, makesMachines, problem }: Circumstances): MachineChoice {
  const [kind, reason] = asked === undefined ? [left[0], "as before"] : [asked, "as asked for"];
  if (kind === "nspawn" && problem !== undefined)
    throw new MachinesCannotBoot(`machines cannot boot on this computer: ${problem}`);
  if (kind !== undefined) return { kind, reason };
  if (!makesMachines) return { kind: "light", reason: "no others here" };
  if (problem !== undefined) return { kind: "light", reason: `those that boot cannot here: ${problem}` };
  return { kind: "nspawn", reason: "this computer can boot them" };
}

/** The choice for a simulator with this state directory that is to be started. */
export async function machinesFor(
  stateDirectory: string,
  wanted: Pick<Circumstances, "asked" | "makesMachines">,
): Promise<MachineChoice> {
  const left = await machinesLeft(stateDirectory);
  // Finding out takes a try.
  const problem = wanted.asked === "light" ? undefined : await nspawnProblem();
  return chooseMachines({ ...wanted, left, problem });
}

async function machinesLeft(stateDirectory: string): Promise<Machines[]> {
  const kinds = (["nspawn", "light"] as const).map(async (kind) => {
    const disks = await readdir(join(stateDirectory, machineFolders[kind])).catch(() => []);
    return disks.length > 0 ? [kind] : [];
  });
  return (await Promise.all(kinds)).flat();
}

/** `light machines (why)`. */
export function describeMachines(kind: string, reason?: string): string {
  const names: Record<string, string> = { light: "light machines (processes)", nspawn: "machines that boot (nspawn)" };
  return `${names[kind] ?? kind}${reason === undefined ? "" : `; ${reason}`}`;
}
