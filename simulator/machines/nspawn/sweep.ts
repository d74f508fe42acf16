/** Ending machines that nobody watches any more. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { endCgroups } from "./cgroups";
import { MachineDisk } from "./disk";

/** Tells the gateway whose machines it ends. */
export const machinesVariable = "SIMULATED_MACHINES";

/** Cuts off every machine that runs and whose disk is in the directory, and no other. Returns their names. */
export async function endMachines(directory: string): Promise<string[]> {
  const ended: string[] = [];
  for (const name of await readdir(directory)) {
    const { cgroupsFile } = new MachineDisk(join(directory, name));
    const groups = await readFile(cgroupsFile, "utf8").catch(() => "");
    const processes = await endCgroups(groups.split("\n").filter((line) => line.startsWith("/sys/fs/cgroup/")));
    if (processes > 0) ended.push(name);
    await rm(cgroupsFile, { force: true });
  }
  return ended;
}
