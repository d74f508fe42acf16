/** The local kubeconfig on disk: written whole or not at all, only for its owner, with what was there before kept beside it. */
import { randomUUID } from "node:crypto";
import { constants, promises as fs, type Stats } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { shellWord } from "../sdk/shell-word";
import { CommandFailure } from "./command-failure";

/** The files that kubectl reads: those of `KUBECONFIG`, else ~/.kube/config. */
export function kubeconfigFiles(environment: NodeJS.ProcessEnv = process.env): string[] {
  const files = (environment.KUBECONFIG ?? "").split(path.delimiter).filter((file) => file !== "");
  const home = files.find((file) => /^~(\/|$)/.test(file));
  if (home !== undefined) {
    throw new CommandFailure(
      `KUBECONFIG names "${home}", in which kubectl takes ~ for a folder of that name`,
      'A shell leaves ~ as it is between quotes: write $HOME in its place, as in export KUBECONFIG="$HOME/.kube/config"',
    );
  }
  return files.length > 0 ? files : [path.join(homedir(), ".kube", "config")];
}

/** The file that kubectl writes to: the first that exists, else the last. */
export async function localKubeconfigPath(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const files = kubeconfigFiles(environment);
  for (const file of files) if (await statOf(file)) return file;
  return files.at(-1)!;
}

/** What kubectl reads beside the file that is written. What it cannot read there, it says itself. */
export async function otherKubeconfigs(localPath: string): Promise<{ path: string; text: string }[]> {
  const others = kubeconfigFiles().filter((file) => path.resolve(file) !== path.resolve(localPath));
  const texts = await Promise.all(
    others.map(async (file) => {
      if (!(await statOf(file))?.isFile()) return [];
      return [{ path: file, text: (await readBytes(file))?.toString("utf8") ?? "" }];
    }),
  );
  return texts.flat();
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
    await requireWritable(target);
    return withLocks(await locksOf(file, target), async () => {
      const before = await readKubeconfig(target);
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
async function readKubeconfig(file: string): Promise<string | undefined> {
  const bytes = await readBytes(file);
  return bytes && decoded(bytes, file);
}

async function readBytes(file: string): Promise<Buffer | undefined> {
  try {
    return await fs.readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CommandFailure(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** What is not in UTF-8 would come out as something else. `>` in Windows' own PowerShell writes UTF-16. */
export function decoded(bytes: Buffer, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const isWide = ["fffe", "feff"].includes(bytes.toString("hex", 0, 2));
    throw new CommandFailure(
      `${file} is in ${isWide ? "UTF-16" : "another encoding"}, and must be in UTF-8. It was not touched.`,
      isWide
        ? `In PowerShell: (Get-Content '${file}') | Set-Content -Encoding utf8 '${file}'`
        : `If it is in Latin 1: iconv -f latin1 -t utf-8 ${shellWord(file)} > ${shellWord(`${file}.utf-8`)}`,
    );
  }
}

function statOf(file: string): Promise<Stats | undefined> {
  return fs.stat(file).catch(() => undefined);
}

/** What is no file, as /dev/null, would be one afterwards. Who has no right to write it has one to put another in its place, which kubectl does not do. */
async function requireWritable(target: string): Promise<void> {
  const stats = await statOf(target);
  if (!stats) return;
  if (!stats.isFile() && !stats.isDirectory())
    throw new CommandFailure(
      `${target} cannot be written: it is a device or a pipe, and no file`,
      "Merge into a file: --kubeconfig <path>",
    );
  await fs.access(target, constants.W_OK);
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
      EDQUOT: "no space of yours is left",
      ENAMETOOLONG: "its name is too long, or that of its lock or copy",
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
  const owner = like ?? (await statOf(target));
  // Its other names would keep the old text.
  if (like === undefined && owner && owner.nlink > 1) return writeInPlace(target, text);
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
    await writeInPlace(target, text);
  }
}

/** What was there has room there again, if what comes has none. */
async function writeInPlace(target: string, text: string): Promise<void> {
  const before = await readBytes(target);
  try {
    await fs.writeFile(target, text, { mode: 0o600 });
    await fs.chmod(target, 0o600).catch(() => undefined);
  } catch (error) {
    if (before) await fs.writeFile(target, before).catch(() => undefined);
    throw error;
  }
}

/** kubectl's lock is beside the name that it was given, which may be a link; others may have the file by its own name. */
async function locksOf(file: string, target: string): Promise<string[]> {
  const given = path.resolve(file);
  const folder = await fs.realpath(path.dirname(given)).catch(() => path.dirname(given));
  const link = path.join(folder, path.basename(given));
  const mayWrite = await fs.access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  // Where nobody may make a lock, nobody writes by this name.
  return [...(link !== target && mayWrite ? [`${link}.lock`] : []), `${target}.lock`];
}

const lockedForMs = 5_000;

/**
 * kubectl's lock is a file that only one can make. Libraries for locks make folders, or lock what is open: kubectl sees neither as its own.
 * Signals wait until the locks are gone, which would stop kubectl and every later merge.
 */
async function withLocks<T>(locks: string[], work: () => Promise<T>): Promise<T> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const held: NodeJS.Signals[] = [];
  const hold = (signal: NodeJS.Signals) => void held.push(signal);
  for (const signal of signals) process.on(signal, hold);
  const made: string[] = [];
  try {
    for (const lock of locks) {
      await makeLock(lock, () => held.length > 0);
      made.push(lock);
    }
    return await work();
  } finally {
    for (const lock of made) await fs.rm(lock, { force: true });
    for (const signal of signals) process.off(signal, hold);
    if (held[0]) process.kill(process.pid, held[0]);
  }
}

async function makeLock(lock: string, isInterrupted: () => boolean): Promise<void> {
  for (const end = Date.now() + lockedForMs; ; await delay(50)) {
    try {
      return await (await fs.open(lock, "wx", 0o600)).close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (isInterrupted()) throw new CommandFailure("interrupted while another program writes the kubeconfig");
      if (Date.now() > end) {
        throw new CommandFailure(
          `${lock} is there: another program writes the kubeconfig, or died while it did`,
          `If none runs, remove it and try again: rm ${shellWord(lock)}`,
        );
      }
    }
  }
}
