import { randomUUID } from "node:crypto";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { shellWord } from "../sdk/shell-word";
import { CommandError } from "./command-error";

/** The checkout: where Pulumi.yaml is. */
export const root = path.join(__dirname, "..");

/** Folder of everything that the commands write: nothing of it is committed. */
export const stateRoot = path.resolve(root, process.env.GPU_CLUSTERS_STATE_DIR || ".gpu-clusters");

/** State of the simulated clouds, which all stacks share. */
export const simulatorFolder = path.join(stateRoot, "simulator");

/** PULUMI_HOME of our runs, so that stand-in plugins stay out of the user's own. */
export const pulumiHome = path.join(stateRoot, "pulumi-home");

/** Where the files of one stack lie. */
export interface StackFiles {
  stack: string;
  folder: string;
  /** Folder of the file backend. */
  backend: string;
  /** Random passphrase of the stack's secrets, mode 0600. */
  passphrase: string;
  /** The stack's config as `pulumi up` gets it; made from Pulumi.<stack>.yaml, which is never written. */
  config: string;
  /** Admin kubeconfig of the cluster, mode 0600. */
  kubeconfig: string;
}

const reserved = new Set([path.basename(simulatorFolder), path.basename(pulumiHome)]);

/** @throws CommandError for a name that no folder may have */
export function stackFiles(stack: string): StackFiles {
  if (reserved.has(stack)) {
    throw new CommandError(`"${stack}" can not be a stack's name: the commands keep a folder of their own under it`);
  }
  if (!/^[A-Za-z0-9][\w.-]{0,99}$/.test(stack)) {
    throw new CommandError(
      `"${stack}" can not be a stack's name: it takes letters, digits, hyphens, dots and underscores`,
    );
  }
  const folder = path.join(stateRoot, stack);
  return {
    stack,
    folder,
    backend: path.join(folder, "backend"),
    passphrase: path.join(folder, "passphrase"),
    config: path.join(folder, `Pulumi.${stack}.yaml`),
    kubeconfig: path.join(folder, "kubeconfig"),
  };
}

/** Whole or not at all, and so that at no time anybody else can read it. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  // On the disk before it has the name: a power cut would leave an empty file in its place.
  await fs.writeFile(draft, text, { mode: 0o600, flush: true });
  await fs.rename(draft, file);
}

/** A path as commands for people have it: a word of a shell, from the current folder where it lies below that. */
export function shownPath(file: string): string {
  const fromHere = path.relative(process.cwd(), file);
  return shellWord(fromHere.startsWith("..") ? file : fromHere);
}

export async function projectName(): Promise<string> {
  return (parse(await fs.readFile(path.join(root, "Pulumi.yaml"), "utf8")) as { name: string }).name;
}

/** Whether the stack's backend knows it, i.e. it was started and not stopped. */
export async function stackExists(files: StackFiles): Promise<boolean> {
  return exists(path.join(files.backend, ".pulumi", "stacks", await projectName(), `${files.stack}.json`));
}

/** Names of the stacks that exist. */
export async function existingStacks(): Promise<string[]> {
  const entries = await fs.readdir(stateRoot, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory() && !reserved.has(entry.name)).map((entry) => entry.name);
  const known = await Promise.all(names.map((name) => stackExists(stackFiles(name))));
  return names.filter((_, index) => known[index]);
}

export async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}
