/** Whether machines can really boot on this host. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../../toolchain/tools/command";
import { findOnPath } from "../../../toolchain/tools/paths";
import {
  availableControllers,
  cgroupsOf,
  endCgroups,
  hasOneHierarchy,
  makeCgroups,
  neededControllers,
} from "./cgroups";

const programs = {
  "systemd-nspawn": "systemd-container",
  mmdebstrap: "mmdebstrap",
  unshare: "util-linux",
  nsenter: "util-linux",
  ip: "iproute2",
} as const;

/** Why not, with what would help; undefined where they can. */
export async function nspawnProblem(): Promise<string | undefined> {
  if (process.platform !== "linux") return `they need Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0)
    return "they need root, because they have mounts, namespaces and control groups of their own";
  const missing = [];
  for (const [name, package_] of Object.entries(programs))
    if ((await findOnPath(name)).length === 0) missing.push({ name, package_ });
  if (missing.length > 0) {
    const packages = [...new Set(missing.map(({ package_ }) => package_))].join(" ");
    return `they need ${missing.map(({ name }) => name).join(", ")} (Debian and Ubuntu: apt install ${packages})`;
  }
  if (!/^nodev\toverlay$/m.test(readFileSync("/proc/filesystems", "utf8")))
    return "they need the kernel's overlay file system";
  return cgroupProblem() ?? (await trialProblem());
}

function cgroupProblem(): string | undefined {
  const has = hasOneHierarchy()
    ? (controller: string) => availableControllers().includes(controller)
    : (controller: string) => existsSync(`/sys/fs/cgroup/${controller}/cgroup.procs`);
  const missing = neededControllers.filter((controller) => !has(controller));
  return missing.length === 0 ? undefined : `they need control groups with the controllers ${missing.join(", ")}`;
}

/** What only a try shows, in containers above all: whether we may have groups, namespaces and overlays of our own. */
async function trialProblem(): Promise<string | undefined> {
  const groups = cgroupsOf(`gc-trial-${process.pid}`);
  const directory = await mkdtemp(join(tmpdir(), "gpu-clusters-trial-"));
  try {
    makeCgroups(groups, 2 ** 30);
    const overlay = `cd "$1" && mkdir lower upper work root && mount -t overlay trial -o lowerdir=lower,upperdir=upper,workdir=work root`;
    const namespaces = ["--mount", "--net", "--propagation", "private"];
    await runCommand("unshare", [...namespaces, "sh", "-c", overlay, "trial", directory], { timeout: 10_000 });
    return undefined;
  } catch (error) {
    return `they need control groups, namespaces and overlays of their own: ${(error as Error).message.split("\n").at(-1)}`;
  } finally {
    await endCgroups(groups).catch(() => undefined);
    await rm(directory, { recursive: true, force: true });
  }
}

/** How many machines the host's kernel can carry at a time: each takes about 18 inotify instances of root's share. */
export function machineLimit(): number {
  return Math.floor(Number(readFileSync("/proc/sys/fs/inotify/max_user_instances", "utf8")) / 20);
}
