/** `npm run simulator`: the simulated clouds in the foreground, until Ctrl-C or `POST /_simulator/shutdown`. */
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { destination, pino } from "pino";
import { messageOf } from "../sdk/message";
import { ensureTools } from "../toolchain/tools";
import { describeMachines, machineFolders, machinesFor, MachinesCannotBoot, type Machines } from "./machines/choice";
import { lightMachines } from "./machines/light/light-machines";
import type { MachineKind } from "./machines/machine";
import { ensureMachineImage } from "./machines/nspawn/image/image";
import { nspawnMachines } from "./machines/nspawn/nspawn-machines";
import { PortError, startSimulator, type Simulator } from "./server";
import { writeAtomically } from "./atomic-file";
import { clouds } from "./clouds";
import { StateDirectoryError } from "./state-file";

interface Arguments {
  port: number;
  stateDir: string;
  delays: number;
  machines?: Machines | "none";
}

async function run({ port, stateDir, delays, machines: asked }: Arguments): Promise<void> {
  const directory = resolve(stateDir);
  const { kind: machines, reason } =
    asked === "none"
      ? { kind: asked, reason: "VMs are records only" }
      : await machinesFor(directory, { asked, makesMachines: true });
  const simulator = await startSimulator({
    port,
    stateDir: directory,
    timing: { scale: delays },
    machines: await machineKind(machines, directory),
    log: pino(
      { base: undefined },
      destination({ dest: join(directory, "events.log"), mkdir: true, sync: true, mode: 0o600 }),
    ),
  });
  const ready = join(directory, "simulator.json");
  stopOnSignals(simulator);
  try {
    await writeAtomically(
      ready,
      `${JSON.stringify({ url: simulator.url, pid: process.pid, machines, ...simulator.accesses, services: simulator.services }, null, 2)}\n`,
    );
    console.log(greeting(simulator, describeMachines(machines, reason), directory));
    await simulator.closed;
  } finally {
    await simulator.close();
    await rm(ready, { force: true });
  }
  console.log("Simulator stopped; its clouds are kept for the next start.");
}

async function machineKind(name: Machines | "none", directory: string): Promise<MachineKind | undefined> {
  if (name === "none") return undefined;
  const log = (message: string) => console.log(message);
  const dir = join(directory, machineFolders[name]);
  if (name === "nspawn") return nspawnMachines({ dir, image: await ensureMachineImage(), log });
  const tools = await ensureTools(["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"]);
  return lightMachines({ dir, tools, log });
}

/** npm, tsx and the terminal each pass the same signal on: only one that comes later is a second wish. */
const impatience = 2_000;

function stopOnSignals(simulator: Simulator): void {
  let first: number | undefined;
  const stop = () => {
    if (first !== undefined) {
      if (Date.now() - first > impatience) process.exit(1);
      return;
    }
    first = Date.now();
    console.log("Stopping the machines …");
    void simulator.close().catch(fail);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
}

function greeting(simulator: Simulator, machines: string, directory: string): string {
  return [
    `Simulator at ${simulator.url}: ${Object.keys(clouds).join(", ")} (simulated catalogue, prices and capacity)`,
    `Machines: ${machines}`,
    `State, log: ${directory}`,
    "",
    "To use it from a shell (AWS starts when it is asked for, and forgets everything when the simulator ends):",
    ...simulator.shellLines,
    "",
    "Ctrl-C stops it.",
  ].join("\n");
}

function fail(error: unknown): void {
  const expected =
    error instanceof PortError || error instanceof StateDirectoryError || error instanceof MachinesCannotBoot;
  console.error(expected || !(error instanceof Error) ? `error: ${messageOf(error)}` : error.stack);
  process.exitCode = 1;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65535)
    throw new InvalidArgumentError("A port is a whole number from 0 (any that is free) to 65535.");
  return port;
}

function factor(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > 1000)
    throw new InvalidArgumentError("A factor is a number from 0 to 1000.");
  return value;
}

const command = new Command("npm run simulator --")
  .description("Runs the simulated clouds on this computer's loopback interface.")
  .option("--port <number>", "port on 127.0.0.1; 0 for any that is free", portNumber, 4710)
  .option("--state-dir <directory>", "where the clouds are kept over a restart", ".gpu-clusters/simulator")
  .option("--delays <factor>", "multiplies all delays of the clouds; 0 for none", factor, 1)
  .addOption(
    new Option(
      "--machines <kind>",
      "what VMs are made of; by default nspawn where this computer can boot them, else light",
    ).choices(["light", "nspawn", "none"]),
  )
  .action((given: Arguments) => run(given).catch(fail));

void command.parseAsync();
