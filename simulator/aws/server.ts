/** The simulated AWS: moto with working fleets, and machines behind its instances. */
import { mkdir } from "node:fs/promises";
import { pino, type Logger } from "pino";
import { ensureMoto } from "../../toolchain/tools/moto";
import type { MachineKind } from "../machines/machine";
import { Rental, type MachineSummary } from "../rental";
import { AwsSimulatorClient } from "./client";
import { Forwarder } from "./forwarder";
import { Instances, type StartScript } from "./instances";
import { startMoto, type InstanceEvent } from "./moto-process";
import { defaultAwsTiming, type AwsTiming } from "./timing";

export interface AwsSimulatorOptions {
  /** For machines. What AWS's API holds lives in memory: it ends with the simulator. */
  stateDir: string;
  /** Port on 127.0.0.1. Default: one that is free. */
  port?: number;
  /** How instances become machines. Default: they are records only. */
  machines?: MachineKind;
  /** What a machine runs, from the instance's user data. Default: the user data itself. */
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
  const { python } = await ensureMoto();
  const instances = new Instances(options.startScript ?? ((userData) => userData));
  const rental = new Rental(options.machines, log);
  await rental.adopt([]);
  const forwarder = new Forwarder(options.machines ? (options.publicPorts ?? [6443]) : []);
  let forwarding = Promise.resolve();

  const onInstance = (instance: InstanceEvent) => {
    try {
      instances.apply(instance);
    } catch (error) {
      log.error({ instance: instance.instanceId, problem: String(error) }, "instance cannot become a machine");
    }
    rental.reconcile(instances.machines());
    forwarding = forwarding
      .then(() => forwarder.apply(instances.forwards()))
      .catch((error: unknown) => log.error({ problem: String(error) }, "public address cannot be forwarded"));
  };
  const moto = await startMoto({
    python,
    port: options.port ?? 0,
    timing: { ...defaultAwsTiming, ...options.timing },
    onInstance,
    onDefect: (message) => log.error({ problem: message }, "simulated AWS"),
  });

  const client = new AwsSimulatorClient(`http://127.0.0.1:${moto.port}`);
  let closing: Promise<void> | undefined;
  return Object.assign(client, {
    machines: () => rental.list(),
    settled: () => rental.settled(),
    close: () =>
      (closing ??= (async () => {
        await moto.close();
        await forwarding;
        await forwarder.close();
        await rental.close();
      })()),
  });
}
