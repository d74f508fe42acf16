/**
 * A machine's control groups: they limit its memory, and they find every process of it, whatever became of its parents. Seen to work with
 * cgroup v1, also in hybrid mode, and with v2 (Debian 12 with its own kernel, 6.1).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const mountPoint = "/sys/fs/cgroup";
const deadlineMs = 20_000;

/** Without these a machine's systemd and kubelet do not work. */
export const neededControllers = ["cpu", "memory", "pids"] as const;

/** Whether the host has one hierarchy only (cgroup v2), and not one for each controller (v1). */
export function hasOneHierarchy(): boolean {
  return existsSync(join(mountPoint, "cgroup.controllers"));
}

/** The controllers that a new group can have on a host with one hierarchy. */
export function availableControllers(): string[] {
  return words(join(mountPoint, "cgroup.controllers"));
}

/** The machine's directory in every hierarchy. */
export function cgroupsOf(name: string): string[] {
  const directories = machineGroups(readFileSync("/proc/self/cgroup", "utf8"), name, hasOneHierarchy());
  return directories.filter((directory) => existsSync(join(directory, "..", "cgroup.procs")));
}

/**
 * In v1 below our own group. In v2 below the root, because a group that has processes cannot hand controllers on to groups below it. Pure.
 * @param membership `/proc/self/cgroup`
 */
export function machineGroups(membership: string, name: string, oneHierarchy: boolean): string[] {
  if (oneHierarchy) return [join(mountPoint, name)];
  return membership
    .trim()
    .split("\n")
    .map((line) => {
      const [, controllers = "", own = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const hierarchy = controllers === "" ? "unified" : controllers.replace(/^name=/, "");
      return join(mountPoint, hierarchy, own, name);
    });
}

export function makeCgroups(directories: readonly string[], memoryBytes: number): void {
  if (hasOneHierarchy()) handControllersOn();
  for (const directory of directories) {
    mkdirSync(directory, { recursive: true });
    const has = (file: string) => existsSync(join(directory, file));
    const set = (file: string, value: string) => writeFileSync(join(directory, file), value);
    if (has("cpuset.cpus") && has("cgroup.clone_children")) {
      // A new group of v1 has neither processors nor memory, and without `clone_children` nor have the groups below it.
      for (const file of ["cpuset.cpus", "cpuset.mems"]) set(file, readFileSync(join(directory, "..", file), "utf8"));
      set("cgroup.clone_children", "1");
    }
    for (const file of ["memory.limit_in_bytes", "memory.max"]) if (has(file)) set(file, String(memoryBytes));
  }
}

/** Of cgroup v2, to the groups below the root. */
function handControllersOn(): void {
  const file = join(mountPoint, "cgroup.subtree_control");
  const handedOn = words(file);
  for (const controller of availableControllers())
    if (!handedOn.includes(controller)) writeFileSync(file, `+${controller}`);
}

function words(file: string): string[] {
  return readFileSync(file, "utf8").split(/\s+/).filter(Boolean);
}

/** What groups of machines are called: `gc` and a hash of the machine's disk, unique on this host. */
const groupName = /^gc[0-9a-f]{10}$/;

/** How many machines are on, of whatever simulator, beside those whose groups have these names. */
export function machinesBeside(names: ReadonlySet<string>): number {
  const [anybodys] = cgroupsOf("gc0000000000");
  return anybodys === undefined ? 0 : machinesIn(dirname(anybodys)).filter((name) => !names.has(name)).length;
}

/** Whose groups have processes: empty ones stay where whatever ends machines was killed itself. */
export function machinesIn(hierarchy: string): string[] {
  return readdirSync(hierarchy).filter((name) => groupName.test(name) && processesIn(join(hierarchy, name)).length > 0);
}

/** Kills every process in the groups and removes them. Returns how many processes there were. */
export async function endCgroups(directories: readonly string[]): Promise<number> {
  const killed = new Set<number>();
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const living = directories.flatMap(processesIn);
    for (const pid of living) {
      killed.add(pid);
      kill(pid);
    }
    if (living.length > 0) directories.forEach(thaw);
    if (living.length === 0 && directories.every(removed)) return killed.size;
    if (Date.now() > deadline)
      throw new Error(
        `processes ${living.join(", ") || "(unknown)"} do not end, or ${directories[0]} cannot be removed`,
      );
    await delay(20);
  }
}

/** Host-wide ids of the processes in a group and the groups below it. */
export function processesIn(directory: string): number[] {
  try {
    const own = readFileSync(join(directory, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    return [...own, ...subgroups(directory).flatMap(processesIn)];
  } catch {
    // Gone meanwhile.
    return [];
  }
}

/** runc freezes a container while it changes it, and in v1 what is frozen does not even die. */
function thaw(directory: string): void {
  try {
    const state = join(directory, "freezer.state");
    if (existsSync(state) && readFileSync(state, "utf8").trim() !== "THAWED") writeFileSync(state, "THAWED");
    subgroups(directory).forEach(thaw);
  } catch {
    // Gone meanwhile.
  }
}

function subgroups(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name));
}

function removed(directory: string): boolean {
  if (!existsSync(directory)) return true;
  try {
    for (const below of subgroups(directory)) removed(below);
    rmdirSync(directory);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return true;
    if (code === "EBUSY" || code === "ENOTEMPTY") return false;
    throw error;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
