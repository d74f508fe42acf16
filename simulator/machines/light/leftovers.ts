/** Ending what a crashed simulator left running: exactly those processes, never another that got the same pid. */
import { readFileSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive, type ProcessIdentity } from "./process-identity";

const deadlineMs = 5_000;

/** Kills the processes that the pid files of a directory name and removes the files. Returns the pids that were killed. */
export async function endLeftovers(pidDirectory: string): Promise<number[]> {
  const files = await readdir(pidDirectory).catch(() => []);
  const ended: number[] = [];
  for (const file of files.filter((name) => name.endsWith(".pid"))) {
    const path = join(pidDirectory, file);
    const left = readIdentity(path);
    if (left !== undefined && isAlive(left)) {
      process.kill(-left.pid, "SIGKILL");
      const deadline = Date.now() + deadlineMs;
      while (isAlive(left)) {
        if (Date.now() > deadline)
          throw new Error(`process ${left.pid} (${file}) of an earlier simulator does not end`);
        await delay(10);
      }
      ended.push(left.pid);
    }
    rmSync(path, { force: true });
  }
  return ended;
}

function readIdentity(path: string): ProcessIdentity | undefined {
  try {
    const value = JSON.parse(readFileSync(path, "utf8")) as Partial<ProcessIdentity>;
    return typeof value.pid === "number" && typeof value.startedAt === "string"
      ? { pid: value.pid, startedAt: value.startedAt }
      : undefined;
  } catch {
    // Half-written: the process was not up yet when the simulator died with it.
    return undefined;
  }
}
