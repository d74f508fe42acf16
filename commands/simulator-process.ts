import { spawn } from "node:child_process";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../sdk/message";
import { AwsSimulatorClient } from "../simulator/aws/client";
import type { AwsAddress } from "../simulator/aws/entry";
import type { Accesses } from "../simulator/clouds";
import type { Machines } from "../simulator/machines/choice";
import type { ServiceAccess } from "../simulator/services/serve";
import { isAlive } from "../toolchain/tools/lock";
import { CommandError } from "./command-error";
import { root, simulatorFolder } from "./workspace";

/** A simulator that runs. */
export interface Simulator {
  /** E.g. `http://127.0.0.1:4710`. */
  url: string;
  pid: number;
  machines: string;
  cudo: Accesses["cudo"];
  mithril: Accesses["mithril"];
  /** Not of one that an older checkout began and that has run since. */
  services?: ServiceAccess;
  /** Where the simulated AWS listens, which starts for those who need it. */
  aws?: { endpoint: string };
}

/** A busy computer takes minutes to load it; one that cannot start ends by itself. */
const readyDeadline = 300_000;
const shutdownDeadline = 30_000;
/** Longer than the simulator itself waits for the simulated AWS. */
const awsDeadline = 330_000;

/** The file in which the simulator says where it listens, once it is ready. */
const readyFile = path.join(simulatorFolder, "simulator.json");
const logFile = path.join(simulatorFolder, "simulator.log");

/** The simulator that runs in the background, or undefined. */
export async function findSimulator(): Promise<Simulator | undefined> {
  const simulator = await readReadyFile();
  if (!simulator || !isAlive(simulator.pid)) return undefined;
  try {
    const answer = await fetch(`${simulator.url}/_simulator/health`, { signal: AbortSignal.timeout(5_000) });
    // After a power cut another process may have its id, and another checkout's simulator its port.
    const { pid } = (await answer.json()) as { pid?: number };
    return answer.ok && pid === simulator.pid ? simulator : undefined;
  } catch {
    // Nobody answers, or no simulator.
    return undefined;
  }
}

/**
 * The running simulator, else one that is started in the background and outlives us.
 * @param wanted its port and machines; what is undefined means the default, or whatever a running one has
 * @param usual machines of one that is started while none are wanted
 */
export async function ensureSimulator(
  wanted: { port: number | undefined; machines: Machines | undefined },
  usual: Machines,
  signal: AbortSignal,
): Promise<Simulator & { started: boolean }> {
  const { port, machines } = wanted;
  const running = await findSimulator();
  if (running) {
    if (machines !== undefined && running.machines !== machines) {
      throw new CommandError(
        `a simulator runs at ${running.url} with machines of the kind ${running.machines}, not ${machines}`,
        "Leave --machines out to use it, or `npm stop` first.",
      );
    }
    if (port !== undefined && new URL(running.url).port !== String(port)) {
      throw new CommandError(
        `a simulator runs at ${running.url}, not on port ${port}`,
        "Leave --port out to use it, or `npm stop` first.",
      );
    }
    return { ...running, started: false };
  }
  return { ...(await startSimulator(port, machines ?? usual, signal)), started: true };
}

async function startSimulator(port: number | undefined, machines: Machines, signal: AbortSignal): Promise<Simulator> {
  await fs.mkdir(simulatorFolder, { recursive: true });
  await fs.rm(readyFile, { force: true });
  const log = await fs.open(logFile, "w", 0o600);
  const args = ["--require", "tsx/cjs", path.join("simulator", "main.ts"), "--state-dir", simulatorFolder];
  args.push("--machines", machines);
  if (port !== undefined) args.push("--port", String(port));
  const child = spawn(process.execPath, args, { cwd: root, detached: true, stdio: ["ignore", log.fd, log.fd] });
  child.unref();
  await log.close();
  let failure: string | undefined;
  child.once("error", (error) => (failure = error.message));
  child.once("exit", (code, signalName) => (failure = `it ended with ${code ?? signalName}`));
  const deadline = Date.now() + readyDeadline;
  try {
    for (;;) {
      signal.throwIfAborted();
      const ready = await readReadyFile();
      if (ready && ready.pid === child.pid) return ready;
      if (failure !== undefined) break;
      if (Date.now() > deadline) {
        failure = `it was not ready after ${readyDeadline / 1000} s`;
        break;
      }
      await sleep(50, undefined, { signal });
    }
  } catch (error) {
    child.kill("SIGTERM");
    throw error;
  }
  child.kill("SIGTERM");
  const tail = (await fs.readFile(logFile, "utf8")).trimEnd().split("\n").slice(-15).join("\n");
  throw new CommandError(
    `the simulator did not start: ${failure}\n${tail}`,
    `Its log is ${logFile}. A port that is taken is named there: npm start -- --port 4711 takes another`,
  );
}

async function readReadyFile(): Promise<Simulator | undefined> {
  try {
    return JSON.parse(await fs.readFile(readyFile, "utf8")) as Simulator;
  } catch {
    // Missing, or being written.
    return undefined;
  }
}

/**
 * Starts the simulated AWS unless it runs, with a key pair that it has from its start.
 * @returns `life`: another one holds nothing of what an earlier one held
 */
export async function ensureAws(
  simulator: Simulator,
  keyPair: { name: string; region: string; publicKey: string } | undefined,
  signal: AbortSignal,
): Promise<AwsAddress> {
  const answer = await fetch(`${simulator.url}/_simulator/aws`, {
    method: "POST",
    signal: AbortSignal.any([signal, AbortSignal.timeout(awsDeadline)]),
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new CommandError(`the simulated AWS did not start: ${messageOf(error)}`, `Its log is ${logFile}.`);
  });
  const text = await answer.text();
  if (!answer.ok) throw new CommandError(`the simulated AWS did not start: ${text}`, `Its log is ${logFile}.`);
  const aws = JSON.parse(text) as AwsAddress;
  if (keyPair) await new AwsSimulatorClient(aws.endpoint).provideKeyPair(keyPair);
  return aws;
}

/** Ends the simulator and waits until it is gone. Its clouds stay on disk. */
export async function stopSimulator(simulator: Simulator, signal: AbortSignal): Promise<void> {
  process.kill(simulator.pid, "SIGTERM");
  const deadline = Date.now() + shutdownDeadline;
  while (isAlive(simulator.pid)) {
    if (Date.now() > deadline) {
      throw new CommandError(
        `the simulator (process ${simulator.pid}) did not end in ${shutdownDeadline / 1000} s`,
        `Its log is ${logFile}.`,
      );
    }
    await sleep(50, undefined, { signal });
  }
}

/** The names of everything that exists in the simulated clouds, each with its kind, e.g. `cudo vm local-control-plane`. */
// The answer waits until machines that were given back are gone, with their disks.
export async function whatExists(simulator: Simulator): Promise<string[]> {
  const answer = await fetch(`${simulator.url}/_simulator/state`, { signal: AbortSignal.timeout(60_000) });
  if (!answer.ok) throw new Error(`${simulator.url}/_simulator/state answers HTTP ${answer.status}`);
  return listThings(await answer.json());
}

/** Walks `{cudo: {vms: [...], disks: [...]}, machines: [...]}`: each entry of each list is a thing that exists. */
export function listThings(state: unknown, kind: string[] = []): string[] {
  if (Array.isArray(state)) {
    return state.filter((thing) => !hasEnded(thing)).map((thing: unknown) => [...kind, nameOf(thing)].join(" "));
  }
  if (typeof state !== "object" || state === null) return [];
  return Object.entries(state).flatMap(([key, value]) => listThings(value, [...kind, key]));
}

/** Clouds keep records of what has ended. */
function hasEnded(thing: unknown): boolean {
  if (typeof thing !== "object" || thing === null) return false;
  const { deleted, status } = thing as { deleted?: unknown; status?: unknown };
  return deleted === true || ["Terminated", "STATUS_TERMINATED", "Canceled", "Ended"].includes(String(status));
}

function nameOf(thing: unknown): string {
  if (typeof thing !== "object" || thing === null) return String(thing);
  const { id, name } = thing as { id?: unknown; name?: unknown };
  return String(id ?? name ?? JSON.stringify(thing));
}
