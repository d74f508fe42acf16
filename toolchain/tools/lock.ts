import { randomUUID } from "node:crypto";
import { promises as fs } from "node:fs";
import { hostname } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

interface Holder {
  token: string;
  host: string;
  pid: number;
}

export interface LockTiming {
  /** Milliseconds between two looks at a lock that another process holds. */
  poll: number;
  /** Milliseconds between two signs of life of the holder. */
  heartbeat: number;
  /** Milliseconds without a sign of life after which a holder that cannot be asked counts as gone. */
  expiry: number;
}

const defaultTiming: LockTiming = { poll: 250, heartbeat: 5_000, expiry: 30_000 };

export interface LockOptions<T> {
  signal?: AbortSignal;
  /** Asked at each look at a lock that another process holds: what it has, there is nothing to wait for. */
  meanwhile?: () => Promise<T | undefined>;
  /** Called once when another process holds the lock. */
  onWait?: (pid: number) => void;
  timing?: LockTiming;
}

/**
 * Runs `work` while no other process runs work under the same lock file. A lock whose holder died is taken over: at
 * once when its process is known to be gone, else when it gave no sign of life for 30 s. Waits as long as the holder lives.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, options: LockOptions<T> = {}): Promise<T> {
  const timing = options.timing ?? defaultTiming;
  let told = false;
  for (;;) {
    const lock = await tryLock(file, timing);
    if ("release" in lock) {
      try {
        return await work();
      } finally {
        await lock.release();
      }
    }
    options.signal?.throwIfAborted();
    if (!told) {
      told = true;
      options.onWait?.(lock.pid);
    }
    const done = await options.meanwhile?.();
    if (done !== undefined) return done;
    await sleep(timing.poll, undefined, { signal: options.signal });
  }
}

/** The lock until it is released, or the process that has it. Takes it over from one that died, as `withLock` does. */
export async function tryLock(
  file: string,
  timing: LockTiming = defaultTiming,
): Promise<{ release(): Promise<void> } | { pid: number }> {
  const own: Holder = { token: randomUUID(), host: hostname(), pid: process.pid };
  await fs.mkdir(path.dirname(file), { recursive: true });
  while (!(await take(file, own))) {
    const holder = await readHolder(file);
    if (!holder) continue;
    if (!(await isGone(file, holder, timing))) return { pid: holder.pid };
    await breakLock(file, holder);
  }
  const beat = setInterval(() => void touch(file), timing.heartbeat);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      if ((await readHolder(file))?.token === own.token) await fs.rm(file, { force: true });
    },
  };
}

async function take(file: string, own: Holder): Promise<boolean> {
  // Linked into place when it is complete, so that nobody reads half a holder.
  const draft = `${file}.${own.token}`;
  await fs.writeFile(draft, JSON.stringify(own), { mode: 0o600 });
  try {
    await fs.link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    await fs.rm(draft, { force: true });
  }
}

/** Nobody has a lock that was whole when it was made and cannot be read now: a power cut leaves empty files. */
const nobody: Holder = { token: "", host: hostname(), pid: 0 };

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await fs.readFile(file, "utf8")) as Holder;
  } catch (error) {
    if (error instanceof SyntaxError) return nobody;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function isGone(file: string, holder: Holder, timing: LockTiming): Promise<boolean> {
  if (holder === nobody || (holder.host === hostname() && !isAlive(holder.pid))) return true;
  try {
    return Date.now() - (await fs.stat(file)).mtimeMs > timing.expiry;
  } catch {
    return false;
  }
}

/** Moves the lock aside before deleting it: of several processes that see it stale, one succeeds. */
async function breakLock(file: string, stale: Holder): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await fs.rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const taken = await readHolder(aside);
  // Another process was quicker and the lock is live again: put it back.
  if (taken && taken.token !== stale.token) await fs.link(aside, file).catch(() => undefined);
  await fs.rm(aside, { force: true });
}

async function touch(file: string): Promise<void> {
  const now = new Date();
  await fs.utimes(file, now, now).catch(() => undefined);
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
