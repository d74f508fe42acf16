import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promises as fs } from "node:fs";
import { hostname } from "node:os";
import * as path from "node:path";
import { isAlive, withLock } from "../toolchain/tools/lock";
import { runCommand } from "../toolchain/tools/command";
import { CommandError } from "./command-error";
import { awsEnvironment } from "./simulated-aws";
import type { Simulator } from "./simulator-process";
import { exists, projectName, pulumiHome, root, stackExists, writeWhole, type StackFiles } from "./workspace";

/** What a run of `pulumi` on one of our stacks finds in its environment, besides our own. */
export function pulumiEnvironment(files: StackFiles, simulator: Simulator): Record<string, string> {
  return {
    ...backendEnvironment(files),
    PULUMI_STACK: files.stack,
    CUDO_API_KEY: simulator.cudo.apiKey,
    CUDO_PROJECT_ID: simulator.cudo.projectId,
    CUDO_BASE_URL: simulator.cudo.baseUrl,
    MITHRIL_API_KEY: simulator.mithril.apiKey,
    MITHRIL_PROJECT: simulator.mithril.projectId,
    MITHRIL_API_URL: simulator.mithril.baseUrl,
    ...(simulator.services && { KEYCLOAK_PASSWORD: simulator.services.keycloak.password }),
    ...(simulator.aws && awsEnvironment(simulator.aws.endpoint)),
  };
}

function backendEnvironment(files: StackFiles): Record<string, string> {
  return {
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: `file://${files.backend}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: files.passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

/** A pulumi CLI with the environment of one stack. */
export interface Pulumi {
  executable: string;
  environment: Record<string, string>;
}

/** Makes the stack's folder, its passphrase and, on the first run, the stack itself. */
export async function prepareStack(executable: string, files: StackFiles, signal: AbortSignal): Promise<void> {
  await fs.mkdir(files.backend, { recursive: true, mode: 0o700 });
  await fs.mkdir(pulumiHome, { recursive: true });
  // Of two commands at once the later one must find what the earlier one makes, and not make another passphrase.
  const lock = path.join(files.folder, "prepare.lock");
  await withLock(lock, () => makeStack(executable, files, signal), { signal });
}

async function makeStack(executable: string, files: StackFiles, signal: AbortSignal): Promise<void> {
  if (!(await exists(files.passphrase))) {
    // In its place when it is whole: a stack keeps the one that it was made with.
    await writeWhole(files.passphrase, randomBytes(32).toString("hex"));
  }
  if (await stackExists(files)) await removeDeadLocks(files);
  else await initializeStack(executable, files, await projectName(), signal);
}

/** @param project of the program that the stack is for */
export async function initializeStack(
  executable: string,
  files: StackFiles,
  project: string,
  signal: AbortSignal,
): Promise<void> {
  // `stack init` writes into Pulumi.<stack>.yaml beside Pulumi.yaml: a Pulumi.yaml of the same name elsewhere spares the committed one.
  const elsewhere = path.join(files.folder, "init");
  await fs.mkdir(elsewhere, { recursive: true });
  await fs.writeFile(path.join(elsewhere, "Pulumi.yaml"), `name: ${project}\nruntime: nodejs\n`);
  await runCommand(executable, ["stack", "init", files.stack, "--no-select", "--non-interactive"], {
    cwd: elsewhere,
    env: backendEnvironment(files),
    cancelSignal: signal,
  });
  await fs.rm(elsewhere, { recursive: true, force: true });
}

/** Into the stack's config, encrypted. Values go by standard input: everybody on the computer may see arguments. */
export async function setSecrets(
  { executable, environment }: Pulumi,
  files: StackFiles,
  secrets: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const place = ["--stack", files.stack, "--config-file", files.config, "--non-interactive"];
  for (const [key, input] of Object.entries(secrets)) {
    const settings = { cwd: root, env: environment, cancelSignal: signal, input };
    await runCommand(executable, ["config", "set", "--secret", ...place, key], settings);
  }
}

/**
 * For a cloud that forgets everything when it ends: a stack of another of its lives becomes as if it had never been made, because nothing
 * of what it knows exists any more.
 * @param life which one it is now
 * @returns whether there was something to forget
 */
export async function forgetOtherLife(files: StackFiles, life: string): Promise<boolean> {
  const note = path.join(files.folder, "cloud-life");
  const known = await fs.readFile(note, "utf8").catch(() => undefined);
  if (known === life) return false;
  const isForgotten = await stackExists(files);
  await fs.rm(files.backend, { recursive: true, force: true });
  await fs.mkdir(files.folder, { recursive: true, mode: 0o700 });
  await fs.writeFile(note, life);
  return isForgotten;
}

/** A pulumi that was killed leaves its lock; one whose process on this machine is gone would stop every later run. */
async function removeDeadLocks(files: StackFiles): Promise<void> {
  const folder = path.join(files.backend, ".pulumi", "locks", "organization", await projectName(), files.stack);
  for (const name of await fs.readdir(folder).catch(() => [])) {
    const file = path.join(folder, name);
    try {
      const text = await fs.readFile(file, "utf8");
      // pulumi puts it in its place whole, from a file `….tmp` beside it: a power cut leaves it empty.
      const isCutOff = text === "" && name.endsWith(".json");
      const lock = (isCutOff ? undefined : JSON.parse(text)) as PulumiLock | undefined;
      if (lock === undefined || (lock.hostname === hostname() && (await isDead(lock)))) {
        await fs.rm(file, { force: true });
      }
    } catch {
      // Not a lock that we understand: pulumi itself will complain about it.
    }
  }
}

interface PulumiLock {
  pid: number;
  hostname: string;
  /** RFC 3339. */
  timestamp: string;
}

/** Ids of processes are given again, at the latest when the computer, or a container, starts anew. */
async function isDead({ pid, timestamp }: PulumiLock): Promise<boolean> {
  if (!isAlive(pid)) return true;
  const given = await processOf(pid);
  // The time alone does not tell: a clock is set, and a container of LXC has an uptime of its own.
  return (
    given !== undefined && !given.name.includes("pulumi") && given.began > Date.parse(timestamp) + clockToleranceMs
  );
}

const clockToleranceMs = 5_000;
/** Of the times in /proc. */
const ticksPerSecond = 100;

/** What has an id, and since when; undefined where the system does not say it in files. */
async function processOf(pid: number): Promise<{ name: string; began: number } | undefined> {
  try {
    const [stat, since] = await Promise.all([
      fs.readFile(`/proc/${pid}/stat`, "utf8"),
      fs.readFile("/proc/uptime", "utf8"),
    ]);
    // The name, the second field, may have spaces and brackets within.
    const end = stat.lastIndexOf(")");
    const ticks = Number(stat.slice(end + 2).split(" ")[19]);
    const ageSeconds = Number(since.split(" ")[0]) - ticks / ticksPerSecond;
    return { name: stat.slice(stat.indexOf("(") + 1, end), began: Date.now() - ageSeconds * 1000 };
  } catch {
    return undefined;
  }
}

/**
 * Runs `pulumi` with its output on our stderr. An abort interrupts it once, as Ctrl-C would, and then waits: pulumi ends
 * what is under way and keeps its state.
 * @returns its exit code
 */
export async function showPulumi(pulumi: Pulumi, args: string[], signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  const color = wantsColor(process.stderr, process.env) ? "always" : "never";
  // Of waits our plugin tells what is new; the engine's dots beside it, one a second, would be most of a log.
  const child = spawn(pulumi.executable, [...args, "--non-interactive", "--suppress-progress", "--color", color], {
    cwd: root,
    env: { ...process.env, ...pulumi.environment },
    // In a session of its own: Ctrl-C in a terminal reaches every process there, and a second one would make pulumi drop its work.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const outputs = [child.stdout, child.stderr];
  for (const output of outputs) output.pipe(process.stderr, { end: false });
  // Where nobody reads it any more: pulumi would wait for a reader, or be killed for having none.
  const drain = (): void => outputs.forEach((output) => output.resume());
  process.stderr.on("error", drain);
  const interrupt = (): void => void child.kill("SIGINT");
  signal.addEventListener("abort", interrupt, { once: true });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? 1));
    });
  } finally {
    process.stderr.off("error", drain);
    signal.removeEventListener("abort", interrupt);
  }
}

/** References: no-color.org; TERM in ncurses. */
export function wantsColor(output: { isTTY?: boolean }, { NO_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  return output.isTTY === true && !NO_COLOR && TERM !== "dumb";
}

/** @throws CommandError with what to do next when pulumi fails */
export async function requireSuccess(code: number, what: string, next: string, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw new CommandError(`${what} was interrupted`, next, 130);
  if (code !== 0) throw new CommandError(`${what} failed (exit code ${code}); the reason is above`, next);
}
