/** The simulated AWS by itself, with machines of its own behind its instances: what tests of it start. */
import { mkdir } from "node:fs/promises";
import { pino, type Logger } from "pino";
import type { MachineKind } from "../machines/machine";
import { Rental, type MachineSummary } from "../rental";
import { AwsSimulatorClient } from "./client";
import { startAwsCloud } from "./cloud";
import type { StartScript } from "./instances";
import type { AwsTiming } from "./timing";

export interface AwsSimulatorOptions {
  /** For machines. What AWS's API holds lives in memory: it ends with the simulator. */
  stateDir: string;
  /** Port on 127.0.0.1. Default: one that is free. */
  port?: number;
  /** How instances become machines. Default: they are records only. */
  machines?: MachineKind;
  /** What a machine runs, from the instance's user data. Default: the node document, completed, for light machines. */
  startScript?: StartScript;
  /** Ports of public addresses that lead to the machines. Default: 6443. */
  publicPorts?: readonly number[];
  /** What differs from `defaultAwsTiming`. */
  timing?: Partial<AwsTiming>;
  /** Default: silent. */
  log?: Logger;
}

export interface AwsSimulator extends Pick<AwsSimulatorClient, Exclude<keyof AwsSimulatorClient, "endpoint">> {
  /** `http://127.0.0.1:<port>`: what clients take for AWS's endpoint. Any credentials do. */
  readonly endpoint: string;
  machines(): MachineSummary[];
  /** Resolves when no machine is being started or stopped. */
  settled(): Promise<void>;
  /** Stops machines and moto. Safe to call again. */
  close(): Promise<void>;
}

export async function startAwsSimulator(options: AwsSimulatorOptions): Promise<AwsSimulator> {
  const log = options.log ?? pino({ level: "silent" });
  await mkdir(options.stateDir, { recursive: true, mode: 0o700 });
  const rental = new Rental(options.machines, log, ({ uid }, problem) => cloud.refused(uid, problem));
  await rental.adopt([]);
  const cloud = await startAwsCloud({
    port: options.port,
    timing: options.timing,
    // Records need no script, and wait for nothing.
    startScript: options.startScript ?? (options.machines ? undefined : (userData) => userData),
    publicPorts: options.machines ? (options.publicPorts ?? [6443]) : [],
    network: options.machines?.network,
    answers: options.machines?.capacity && {
      room: () => options.machines!.capacity!(),
      console: (instanceId) => rental.consoleOf(instanceId),
    },
    log,
    changed: () => rental.reconcile(cloud.machines()),
  });
  let closing: Promise<void> | undefined;
  return Object.assign(cloud.client, {
    machines: () => rental.list(),
    settled: () => rental.settled(),
    close: () =>
      (closing ??= (async () => {
        await cloud.close();
        await rental.close();
      })()),
  });
}
