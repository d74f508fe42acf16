/** The local kubeconfig on disk: written whole or not at all, only for its owner, with what was there before kept beside it. */
import { randomUUID } from "node:crypto";
import { promises as fs } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CommandFailure } from "./command-failure";

/** The file that kubectl writes to: of `KUBECONFIG`'s files the first that exists, else the last; else ~/.kube/config. */
export async function localKubeconfigPath(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const files = (environment.KUBECONFIG ?? "").split(path.delimiter).filter((file) => file !== "");
  for (const file of files) if ((await read(file)) !== undefined) return file;
  return files.at(-1) ?? path.join(homedir(), ".kube", "config");
}

export interface Change {
  /** Where the text from before is; undefined where there was none, or nothing changed. */
  backup: string | undefined;
  changed: boolean;
}

/**
 * Replaces the file's text by what `edit` makes of it; `undefined` stands for a file that is not there. Holds kubectl's own lock meanwhile.
 * When `edit` throws, the file is as it was.
 */
export async function editKubeconfig(file: string, edit: (text: string | undefined) => string): Promise<Change> {
  // A link stays one.
  const target = await fs.realpath(file).catch(() => path.resolve(file));
  await fs.mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
  return withLock(`${target}.lock`, async () => {
    const before = await read(target);
    const after = edit(before);
    if (after === before) {
      await fs.chmod(target, 0o600);
      return { backup: undefined, changed: false };
    }
    const backup = before === undefined || before.trim() === "" ? undefined : await backUp(target, before);
    await writeWhole(target, after);
    return { backup, changed: true };
  });
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CommandFailure(`${file} cannot be read: ${(error as Error).message}`);
  }
}

async function backUp(target: string, text: string): Promise<string> {
  const backup = `${target}.${new Date().toISOString().replace(/[:.]/g, "-")}.bak`;
  await writeWhole(backup, text);
  return backup;
}

async function writeWhole(target: string, text: string): Promise<void> {
  const draft = `${target}.${randomUUID()}`;
  try {
    const handle = await fs.open(draft, "wx", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(draft, target);
  } catch (error) {
    await fs.rm(draft, { force: true });
    throw error;
  }
}

const lockedForMs = 5_000;

async function withLock<T>(lock: string, work: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + lockedForMs; ; await delay(50)) {
    try {
      await (await fs.open(lock, "wx", 0o600)).close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (Date.now() > end) {
        throw new CommandFailure(
          `${lock} is there: another program writes the kubeconfig, or died while it did`,
          `If none runs, remove it and try again: rm ${lock}`,
        );
      }
    }
  }
  try {
    return await work();
  } finally {
    await fs.rm(lock, { force: true });
  }
}
