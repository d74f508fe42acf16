/** The simulated AWS without machines: moto with working fleets, and what machines its instances ask for. */
import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { ensureMoto } from "../../toolchain/tools/moto";
import type { WantedMachine } from "../cloud";
import type { MachineNetwork } from "../machines/machine";
import { MachineAddresses, machineRange } from "./addresses";
import { AwsSimulatorClient, type AwsContents } from "./client";
import { Forwarder } from "./forwarder";
import { isHealthy } from "./health-check";
import { Instances, type StartScript } from "./instances";
import { lightStartScript } from "./light-scripts";
import { MachineParameters } from "./machine-parameters";
import { MachineServices } from "./machine-services";
import { startMoto, type Answers, type InstanceEvent } from "./moto-process";
import { defaultAwsTiming, type AwsTiming } from "./timing";

export interface AwsCloudOptions {
  /** Port on 127.0.0.1. Default: one that is free. */
  port?: number | undefined;
  /** What differs from `defaultAwsTiming`. */
  timing?: Partial<AwsTiming> | undefined;
  /** What a machine runs, from its instance's user data. Default: what light machines need, who run no script. */
  startScript?: StartScript | undefined;
  /** Ports of public addresses that lead to the machines. */
  publicPorts: readonly number[];
  /** Of machines that boot: they run their user data, and ask AWS for the rest themselves. */
  network?: MachineNetwork | undefined;
  /** Of machines that have a console, and bounds. */
  answers?: Pick<Answers, "room" | "console"> | undefined;
  log: Logger;
  /** The wanted machines may be others. */
  changed: () => void;
}

export interface AwsCloud {
  readonly client: AwsSimulatorClient;
  /** Of this start: nothing is kept from one to the next. */
  readonly life: string;
  /** All machines that should exist, by id. */
  machines(): ReadonlyMap<string, WantedMachine>;
  /** How many instances there are that are not terminated. */
  places(): number;
  /** The machine of this instance cannot be on. */
  refused(instanceId: string, problem: string): void;
  /** Everything that exists. Machines of instances that do not are no longer wanted by then. */
  contents(): Promise<AwsContents>;
  /** Ends moto and all forwards. Safe to call again. */
  close(): Promise<void>;
}

export async function startAwsCloud(options: AwsCloudOptions): Promise<AwsCloud> {
  const { log, network } = options;
  const { python } = await ensureMoto();
  const forwarder = new Forwarder(options.publicPorts);
  let forwarding = Promise.resolve();
  const parameters = new MachineParameters(() => client.endpoint);
  const services: MachineServices | undefined =
    network &&
    (await MachineServices.start({
      network,
      endpoint: () => client.endpoint,
      instanceOf: (machine) => instances.instance(machine),
      log,
    }));
  const light = lightStartScript({
    parameters,
    log: ({ instanceId }, message) => log.info({ instance: instanceId, message }, "machine waits"),
  });
  const instances: Instances = new Instances({
    startScript: options.startScript ?? (services ? (userData) => userData : light),
    services: services && ((instance) => services.of(instance)),
    // Where machines are processes, nobody answers for the metadata service: anything will do as a role's credentials.
    environment: () => ({
      AWS_ENDPOINT_URL: client.endpoint,
      AWS_ACCESS_KEY_ID: "machine",
      AWS_SECRET_ACCESS_KEY: "machine",
      AWS_EC2_METADATA_DISABLED: "true",
    }),
    // Several simulators, and the tests, share one loopback interface.
    addresses: new MachineAddresses(randomInt(machineRange.size)),
    changed: follow,
    failed: ({ instanceId }, error) => unfit(instanceId, error),
  });

  function unfit(instance: string, error: unknown): void {
    log.error({ instance, problem: String(error) }, "instance cannot become a machine");
  }

  function follow(): void {
    options.changed();
    forwarding = forwarding
      .then(async () => {
        const forwards = [...instances.forwards()];
        const outside = forwards.map(([publicIp, { machines, balanced }]) => {
          return [publicIp, { targets: machines.map(({ address }) => address), balanced }] as const;
        });
        await forwarder.apply(new Map(outside));
        const inside = forwards.map(([publicIp, { machines }]) => {
          return [publicIp, machines.flatMap(({ privateAddress }) => privateAddress ?? [])] as const;
        });
        await network?.translate(new Map(inside), options.publicPorts);
      })
      .catch((error: unknown) => log.error({ problem: String(error) }, "public address cannot be forwarded"));
  }

  async function health(instanceId: string, port: number): Promise<boolean | undefined> {
    const machine = [...instances.machines().values()].find(({ uid }) => uid === instanceId);
    return machine && isHealthy(machine.spec.address, port);
  }

  const onInstance = (instance: InstanceEvent) => {
    try {
      instances.apply(instance);
    } catch (error) {
      unfit(instance.instanceId, error);
    }
    follow();
  };
  const moto = await startMoto({
    python,
    port: options.port ?? 0,
    timing: { ...defaultAwsTiming, ...options.timing },
    firstAddress: randomInt(254 * 255),
    onInstance,
    // Records of machines answer nothing.
    answers: options.publicPorts.length > 0 ? { ...options.answers, health } : undefined,
    onBalancer: (balancer) => {
      instances.balance(balancer);
      follow();
    },
    onDefect: (message) => log.error({ problem: message }, "simulated AWS"),
  });
  const client = new AwsSimulatorClient(`http://127.0.0.1:${moto.port}`);
  if (network) await services?.standForMoto({ network, endpoint: () => client.endpoint });

  let closing: Promise<void> | undefined;
  return {
    client,
    life: randomUUID(),
    machines: () => instances.machines(),
    places: () => instances.places(),
    refused(instance, problem) {
      client
        .failInstance(instance, problem)
        .catch((error: unknown) => log.error({ instance, problem: String(error) }, "instance does not end"));
    },
    async contents() {
      const contents = await client.state();
      const existing = new Set(contents.instances.map(({ id }) => id));
      // Events come on a road of their own.
      const isBehind = () => [...instances.machines().values()].some(({ uid }) => !existing.has(uid));
      for (let looks = 0; looks < 100 && isBehind(); looks++) await delay(10);
      return contents;
    },
    close: () =>
      (closing ??= (async () => {
        instances.close();
        services?.close();
        await moto.close();
        await forwarding;
        await forwarder.close();
        await network?.translate(new Map(), []).catch(() => undefined);
      })()),
  };
}
