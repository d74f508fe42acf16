/** One power-on of a machine: from the launch of systemd-nspawn until its last process has ended. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { endCgroups } from "./cgroups";

export interface PowerOn {
  readonly directory: string;
  readonly imageRoot: string;
  /** Unique on this host, at most 64 letters, digits and hyphens. */
  readonly machineName: string;
  readonly hostName: string;
  readonly wireAddress: string;
  /** In its cloud, if it has one besides. */
  readonly address?: string;
  /** Path of the network namespace. */
  readonly namespace: string;
  readonly cgroups: readonly string[];
  readonly console: string;
  /** Directories of the host, by the path that they have on the machine. */
  readonly binds: ReadonlyMap<string, string>;
}

/** systemd-nspawn's exit status for a machine that rebooted itself. */
const rebooted = 133;
const leaderMs = 10_000;

export class Power {
  /** Resolves when nothing of the machine runs any more: with whether it wants to be started again. */
  readonly ended: Promise<{ reboot: boolean }>;

  private constructor(
    private readonly child: ChildProcess,
    /** The machine's first process. */
    readonly leader: number,
    private readonly cgroups: readonly string[],
    exited: Promise<number | null>,
  ) {
    this.ended = exited.then(async (code) => {
      await endCgroups(cgroups);
      return { reboot: code === rebooted };
    });
    this.ended.catch(() => undefined);
  }

  static async on(options: PowerOn): Promise<Power> {
    const output = openSync(options.console, "a", 0o600);
    const child = spawn(
      "nsenter",
      [
        `--net=${options.namespace}`,
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "bash",
        join(__dirname, "launch.sh"),
        options.directory,
        options.imageRoot,
        `--machine=${options.machineName}`,
        `--hostname=${options.hostName}`,
        `--setenv=WIRE_ADDRESS=${options.wireAddress}`,
        `--setenv=SIMULATED_ADDRESS=${options.address ?? ""}`,
        ...[...options.binds].map(([path, directory]) => `--bind=${directory}:${path}`),
      ],
      { detached: true, stdio: ["ignore", output, output], env: { PATH: process.env.PATH, LANG: "C.UTF-8" } },
    );
    closeSync(output);
    const exited = new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve(code));
    });
    exited.catch(() => undefined);
    try {
      return new Power(child, await leaderOf(child, exited), options.cgroups, exited);
    } catch (error) {
      await endCgroups(options.cgroups);
      throw error;
    }
  }

  /** As by the power button; whatever still runs after `graceMs` is cut off. */
  async shutDown(graceMs: number): Promise<void> {
    this.child.kill("SIGTERM");
    const waiting = new AbortController();
    const late = delay(graceMs, "late", { signal: waiting.signal }).catch(() => undefined);
    if ((await Promise.race([this.ended, late])) === "late") await this.cut();
    waiting.abort();
  }

  async cut(): Promise<void> {
    await endCgroups(this.cgroups);
    await this.ended;
  }
}

/** systemd-nspawn's only child. */
async function leaderOf(child: ChildProcess, exited: Promise<number | null>): Promise<number> {
  const deadline = Date.now() + leaderMs;
  let over = false;
  void exited.then(
    () => (over = true),
    () => (over = true),
  );
  while (!over && Date.now() < deadline) {
    const pid = child.pid;
    if (pid !== undefined && nameOf(pid) === "systemd-nspawn") {
      const [leader] = childrenOf(pid);
      if (leader !== undefined && nameOf(leader) !== "systemd-nspawn" && nameOf(leader) !== "") return leader;
    }
    await delay(20);
  }
  throw new Error("systemd-nspawn did not start the machine; its console says why");
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

function nameOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim();
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
