import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface GroupOptions {
  cwd: string;
  /** Added to our own environment. */
  env: Record<string, string>;
  signal?: AbortSignal;
  /** Called with each line that the command writes to stderr. */
  onLine: (line: string) => void;
}

const lastLines = 20;

/**
 * Runs a command in a process group of its own, so that an abort (or our own exit) ends the command and all that it
 * started: `go build` alone would leave its compilers running.
 */
export async function runInGroup(command: string, args: string[], options: GroupOptions): Promise<void> {
  options.signal?.throwIfAborted();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // The group is gone already.
    }
  };
  process.once("exit", kill);
  options.signal?.addEventListener("abort", kill, { once: true });
  const tail: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    tail.push(line);
    if (tail.length > lastLines) tail.shift();
    options.onLine(line);
  });
  try {
    const code = await new Promise<number | string>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (exitCode, signalName) => resolve(exitCode ?? signalName ?? "unknown"));
    });
    options.signal?.throwIfAborted();
    if (code !== 0) throw new Error(`${command} ${args[0] ?? ""} failed (${code}):\n${tail.join("\n")}`);
  } finally {
    process.removeListener("exit", kill);
    options.signal?.removeEventListener("abort", kill);
  }
}
