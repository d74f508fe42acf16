/** What stays in the cache of machine images, which all checkouts of a user share. Whoever calls holds its lock. */
import { readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";

const keptMs = 7 * 24 * 3_600_000;

/** Says that the folder is in use, where there is one. */
export async function markUsed(path: string, now = new Date()): Promise<void> {
  await utimes(path, now, now).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

/** Deletes what nobody has used for a week, and what was half-made, unless a machine runs on it. */
export async function removeUnused(
  cache: string,
  { now = Date.now(), mounts = readMounts }: { now?: number; mounts?: () => Promise<string> } = {},
): Promise<void> {
  const old: string[] = [];
  for (const name of (await readdir(cache)).filter((each) => each !== ".lock")) {
    const path = join(cache, name);
    if (name.startsWith("scratch-") || now - (await stat(path)).mtimeMs > keptMs) old.push(path);
  }
  if (old.length === 0) return;
  const mounted = await mounts();
  for (const path of old) if (!mounted.includes(`${path}/`)) await rm(path, { recursive: true, force: true });
}

/** Of all processes: only their own mount namespaces know them. */
async function readMounts(): Promise<string> {
  const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const read = processes.map((pid) => readFile(`/proc/${pid}/mountinfo`, "utf8").catch(() => ""));
  return (await Promise.all(read)).join("");
}
