/** The local kubeconfig on disk: written whole or not at all, only for its owner, with what was there before kept beside it. */
import { randomUUID } from "node:crypto";
import { promises as fs, type Stats } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { shellWord } from "../sdk/shell-word";
import { CommandFailure } from "./command-failure";

/** The files that kubectl reads: those of `KUBECONFIG`, else ~/.kube/config. */
export function kubeconfigFiles(environment: NodeJS.ProcessEnv = process.env): string[] {
  const files = (environment.KUBECONFIG ?? "").split(path.delimiter).filter((file) => file !== "");
  return files.length > 0 ? files : [path.join(homedir(), ".kube", "config")];
}

/** The file that kubectl writes to: the first that exists, else the last. */
export async function localKubeconfigPath(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const files = kubeconfigFiles(environment);
  for (const file of files) if ((await readKubeconfig(file)) !== undefined) return file;
  return files.at(-1)!;
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
  const target = await followed(file);
  return explained(target, async () => {
    await fs.mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
    return withLock(`${target}.lock`, async () => {
      const before = await readKubeconfig(target);
      if (before !== undefined) refuseUtf16(before, target);
      const after = edit(before);
      if (after === before) {
        // Of somebody else's file the mode is not ours to change.
        await fs.chmod(target, 0o600).catch(() => undefined);
        return { backup: undefined, changed: false };
      }
      const backup = before === undefined || before.trim() === "" ? undefined : await backUp(target, before);
      await writeWhole(target, after);
      return { backup, changed: true };
    });
  });
}

/** Undefined where it is not there. */
export async function readKubeconfig(file: string): Promise<string | undefined> {
  try {
    return await fs.readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CommandFailure(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** `>` in Windows' own PowerShell writes it. @param text read as UTF-8, in which the mark at its begin is nothing */
export function refuseUtf16(text: string, file: string): void {
  if (!text.startsWith("\uFFFD\uFFFD")) return;
  throw new CommandFailure(
    `${file} is in UTF-16, and must be in UTF-8. It was not touched.`,
    `In PowerShell: (Get-Content '${file}') | Set-Content -Encoding utf8 '${file}'`,
  );
}

const mostLinks = 40;

/** A link stays one, also when what it leads to is not there yet. */
async function followed(file: string): Promise<string> {
  let target = path.resolve(file);
  for (let links = 0; links < mostLinks; links++) {
    const next = await fs.readlink(target).catch(() => undefined);
    if (next === undefined) return fs.realpath(target).catch(() => target);
    target = path.resolve(path.dirname(target), next);
  }
  throw new CommandFailure(`${file} is a link that leads to itself`);
}

async function explained<T>(target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      EACCES: "you may not write there",
      EPERM: "you may not write there",
      EROFS: "it is read-only",
      ENOSPC: "no space is left",
      EISDIR: "it is a folder",
      ENOTDIR: "a part of its path is no folder",
      EEXIST: "a part of its path is no folder",
    };
    if (code === undefined || !(code in reasons)) throw error;
    throw new CommandFailure(
      `${target} cannot be written: ${reasons[code]} (${code}). A lock and a copy must be made beside it, as kubectl does.`,
      "Merge into another file: --kubeconfig <path>",
    );
  }
}

/** So many copies are kept. */
const mostBackups = 5;

async function backUp(target: string, text: string): Promise<string> {
  const backup = `${target}.${new Date().toISOString().replace(/[:.]/g, "-")}.bak`;
  await writeWhole(backup, text, await fs.stat(target));
  const [folder, name] = [path.dirname(target), path.basename(target)];
  const isOurs = (file: string) =>
    file.startsWith(`${name}.`) && /^\d{4}-\d\d-\d\dT[\d-]+Z\.bak$/.test(file.slice(name.length + 1));
  const old = (await fs.readdir(folder)).filter(isOurs).sort().slice(0, -mostBackups);
  for (const file of old) await fs.rm(path.join(folder, file), { force: true });
  return backup;
}

async function writeWhole(target: string, text: string, like?: Stats): Promise<void> {
  const owner = like ?? (await fs.stat(target).catch(() => undefined));
  const draft = `${target}.${randomUUID()}`;
  try {
    const handle = await fs.open(draft, "wx", 0o600);
    try {
      // Root that merges into a user's file leaves it the user's.
      if (owner && owner.uid !== process.getuid?.()) await handle.chown(owner.uid, owner.gid);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(draft, target);
  } catch (error) {
    await fs.rm(draft, { force: true });
    const { code = "" } = error as NodeJS.ErrnoException;
    // A file that is mounted by itself cannot be replaced, one of somebody else not without becoming ours: a copy of it is kept.
    if (!["EBUSY", "EXDEV", "EPERM"].includes(code) || (like === undefined && owner === undefined)) throw error;
    await fs.writeFile(target, text, { mode: 0o600 });
  }
}

const lockedForMs = 5_000;

/** kubectl's lock is a file that only one can make. Libraries for locks make folders, or lock what is open: kubectl sees neither as its own. */
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
          `If none runs, remove it and try again: rm ${shellWord(lock)}`,
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
