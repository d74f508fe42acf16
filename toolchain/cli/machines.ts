/** What simulated VMs are made of. */
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { nspawnProblem } from "../../simulator/machines/nspawn/host";
import { CommandError } from "./command-error";
import { simulatorFolder } from "./workspace";

/** Processes, or machines that boot. */
export type Machines = "light" | "nspawn";

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
  /** Of the stack that is to be made; undefined: none is. */
  cloud: unknown;
  /** Why machines cannot boot here. */
  problem: string | undefined;
}

/** Clouds whose machines boot with `nspawn`. */
const bootingClouds: readonly unknown[] = ["aws", "cudo", "mithril"];

/**
 * Machines that boot, wherever they can: they prove the node, too.
 * @throws CommandError when they were asked for and cannot
 */
export function chooseMachines({ asked, left, cloud, problem }: Circumstances): MachineChoice {
  if (asked === "nspawn" && problem !== undefined)
    throw new CommandError(`machines cannot boot on this computer: ${problem}`, "Leave --machines out.");
  if (asked !== undefined) return { kind: asked, reason: "as asked for" };
  if (left.length > 0) return { kind: left[0]!, reason: "as before" };
  if (!bootingClouds.includes(cloud)) return { kind: "light", reason: "no others here" };
  if (problem !== undefined) return { kind: "light", reason: `those that boot cannot here: ${problem}` };
  return { kind: "nspawn", reason: "this computer can boot them" };
}

/** Kinds of which machines exist while no simulator runs. */
export async function machinesLeft(): Promise<Machines[]> {
  const folders = { nspawn: "nspawn", light: "machines" } as const;
  const kinds = (["nspawn", "light"] as const).map(async (kind) => {
    const disks = await fs.readdir(path.join(simulatorFolder, folders[kind])).catch(() => []);
    return disks.length > 0 ? [kind] : [];
  });
  return (await Promise.all(kinds)).flat();
}

export async function usualMachines(asked: Machines | undefined, cloud: unknown): Promise<MachineChoice> {
  return chooseMachines({ asked, left: await machinesLeft(), cloud, problem: await nspawnProblem() });
}

/** `light machines (why)`. */
export function describeMachines(kind: string, reason?: string): string {
  const names: Record<string, string> = { light: "light machines (processes)", nspawn: "machines that boot (nspawn)" };
  return `${names[kind] ?? kind}${reason === undefined ? "" : `; ${reason}`}`;
}
