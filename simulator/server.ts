/** The simulator: clouds on one loopback port, their machines, and the administration of both. */
import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { pino, type Logger } from "pino";
import { serveAdministration } from "./administration";
import { machineRange } from "./addresses";
import type { AwsSimulatorClient } from "./aws/client";
import { Alarm } from "./alarm";
import type { Cloud, CloudRequest, WantedMachine } from "./cloud";
import type { SimulatorContents } from "./contents";
import { CudoCloud } from "./cudo/cloud";
import { emptyCudo, firstProjectId } from "./cudo/model";
import { Faults } from "./faults";
import { derived } from "./identifiers";
import type { MachineKind } from "./machines/machine";
import type { AwsCloud } from "./aws/cloud";
import type { AwsTiming } from "./aws/timing";
import { MithrilCloud } from "./mithril/cloud";
import { HostedClusters } from "./mithril/hosted-clusters";
import { emptyMithril, firstMithrilProject } from "./mithril/model";
import { defaultMithrilTiming, scaledMithril } from "./mithril/timing";
import { Rental } from "./rental";
import { roomOf, type Room } from "./room";
import { RequestLog } from "./request-log";
import { StateFile, stateVersion, type SimulatorState } from "./state-file";
import { lockStateDirectory } from "./state-lock";
import { defaultTiming, type Timing } from "./timing";
import { serveCloud } from "./traffic";

export interface SimulatorOptions {
  /** Port on 127.0.0.1. Default: one that is free. */
  port?: number;
  /** Keeps the clouds over a restart. Made when it is missing; only its owner may read it. */
  stateDir: string;
  /** How VMs become machines; `undefined`: VMs are records only. */
  machines: MachineKind | undefined;
  /** What differs from `defaultTiming`. */
  timing?: Partial<Timing>;
  /** Port of the SSH servers of Mithril's control planes, each at its cluster's address. Default: 2222. */
  sshPort?: number;
  /** Of the simulated AWS: what differs from `defaultAwsTiming`. */
  awsTiming?: Partial<AwsTiming> | undefined;
  /** Makes the API key, ids and addresses of a new state directory repeatable. Default: random. */
  seed?: string;
  /** Default: silent. */
  log?: Logger;
}

export interface Simulator {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** What a client of Cudo needs. */
  readonly cudo: { readonly baseUrl: string; readonly apiKey: string; readonly projectId: string };
  /** What a client of Mithril needs. */
  readonly mithril: {
    readonly baseUrl: string;
    readonly apiKey: string;
    readonly projectId: string;
    /** Of the control planes. */
    readonly sshPort: number;
  };
  /** Starts the simulated AWS, which takes a second and 100 MB, unless it runs: its administration. */
  aws(): Promise<AwsSimulatorClient>;
  /** What exists now, without secrets. */
  state(): Promise<SimulatorContents>;
  /** Stops the machines in order and writes the state. Safe to call again. */
  close(): Promise<void>;
  /** Resolves when the simulator has been closed, by `close` or by `POST /_simulator/shutdown`. */
  readonly closed: Promise<void>;
}

/** The port is taken or may not be used. */
export class PortError extends Error {}

/** Longest request body: far more than any start script. */
const bodyLimit = 4 * 2 ** 20;

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const log = options.log ?? pino({ level: "silent" });
  const unlock = await lockStateDirectory(options.stateDir);
  try {
    const file = await StateFile.open(options.stateDir, () =>
      freshState(options.seed ?? randomBytes(32).toString("hex")),
    );
    return await run(options, file, log, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function run(
  options: SimulatorOptions,
  file: StateFile,
  log: Logger,
  unlock: () => Promise<void>,
): Promise<Simulator> {
  const { state } = file;
  const room = (): Room => roomOf(options.machines, () => cudo.places() + mithril.places() + awsPlaces());
  const cudo: CudoCloud = new CudoCloud(
    state.cudo,
    { ...defaultTiming, ...options.timing },
    options.machines !== undefined,
    room,
  );
  const mithrilState = (state.mithril ??= emptyMithril({
    seed: options.seed ?? randomBytes(32).toString("hex"),
    addressCursor: (state.cudo.addressCursor + machineRange.size / 2) % machineRange.size,
    now: Date.now(),
  }));
  const mithril: MithrilCloud = new MithrilCloud(
    mithrilState,
    scaledMithril(defaultMithrilTiming, options.timing?.scale ?? 1),
    options.machines !== undefined,
    room,
  );
  const sshPort = options.sshPort ?? 2222;
  const hosted = new HostedClusters({
    state: mithrilState,
    sshPort,
    changed: () => settle(true),
    log: (message) => log.info({ message }, "mithril"),
  });
  const clouds: readonly Cloud[] = [cudo, mithril];
  const rental = new Rental(options.machines, log, refused);
  const faults = new Faults();
  const requests = new RequestLog();
  const alarm = new Alarm(() => settle(true));
  let closing: Promise<void> | undefined;
  let aws: Promise<AwsCloud> | undefined;
  let awsMachines: () => ReadonlyMap<string, WantedMachine> = () => new Map();
  let awsPlaces = () => 0;
  let refusedByAws: (instanceId: string, problem: string) => void = () => undefined;

  function refused({ id, uid }: { id: string; uid: string }, problem: string): void {
    if (id.startsWith("aws/")) return refusedByAws(uid, problem);
    for (const cloud of clouds) if (id.startsWith(`${cloud.name}/`)) cloud.refused?.(uid, problem);
    settle(true);
  }

  function save(): Promise<void> {
    // The simulated AWS forgets everything when it ends: after that, its machines are nobody's.
    state.orphans = [...rental.orphans(), ...[...awsMachines().values()].map(({ spec }) => spec)];
    return file.save();
  }

  /** Its code and moto are loaded for those who use them. */
  function ensureAws(): Promise<AwsCloud> {
    if (closing) return Promise.reject(new Error("the simulator is closing"));
    aws ??= (async () => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- only for those who use it
      const { startAwsCloud } = require("./aws/cloud") as typeof import("./aws/cloud");
      const publicPorts = options.machines ? [6443] : [];
      const cloud = await startAwsCloud({
        timing: options.awsTiming,
        publicPorts,
        network: options.machines?.network,
        answers: options.machines?.capacity && {
          room() {
            const { most, bound } = options.machines!.capacity!();
            return { most: most - cudo.places() - mithril.places(), bound };
          },
          console: (instanceId) => rental.consoleOf(instanceId),
        },
        log,
        changed: () => settle(true),
      });
      awsMachines = () => cloud.machines();
      awsPlaces = () => cloud.places();
      refusedByAws = (instanceId, problem) => cloud.refused(instanceId, problem);
      log.info({ endpoint: cloud.client.endpoint }, "simulated AWS listens");
      return cloud;
    })();
    // The next one who asks tries again.
    aws.catch(() => (aws = undefined));
    return aws;
  }

  /** After time or a request changed the clouds: machines follow, and what is due next wakes us up. */
  function settle(timePassed: boolean): void {
    if (closing) return;
    if (timePassed) for (const cloud of clouds) cloud.advance(Date.now());
    rental.reconcile(new Map([...clouds.flatMap((cloud) => [...cloud.machines()]), ...awsMachines()]));
    const shares = new Set(clouds.flatMap((cloud) => cloud.shares?.() ?? []));
    options.machines
      ?.keepShares?.(shares)
      .catch((error: unknown) => log.error({ error: String(error) }, "file shares cannot be erased"));
    if (options.machines) hosted.reconcile();
    const due = clouds.map((cloud) => cloud.nextDue()).filter((time) => time !== undefined);
    alarm.set(due.length === 0 ? undefined : Math.min(...due));
    // After `reconcile`, which knows whose machine is left over.
    if (timePassed) save().catch((error: unknown) => log.error({ error: String(error) }, "state cannot be written"));
  }

  async function answer(cloud: Cloud, request: CloudRequest) {
    const given = cloud.answer(request, Date.now());
    settle(false);
    if (request.method !== "GET") await save();
    return given;
  }

  async function contents(): Promise<SimulatorContents> {
    const inAws = await (await aws?.catch(() => undefined))?.contents();
    settle(true);
    await rental.orphansGone();
    return {
      cudo: cudo.summary(Date.now()),
      mithril: mithril.summary(Date.now()),
      ...(inAws && { aws: inAws }),
      machines: rental.list(),
    };
  }

  async function reset(): Promise<void> {
    for (const cloud of clouds) cloud.reset();
    faults.clear();
    requests.clear();
    await (await aws?.catch(() => undefined))?.client.reset();
    settle(false);
    await rental.orphansGone();
    await save();
  }

  async function stop(): Promise<void> {
    alarm.clear();
    await server.close();
    await hosted.close();
    await (await aws?.catch(() => undefined))?.close();
    await rental.close();
    await save();
    await unlock();
    log.info("simulator closed");
  }

  let markClosed: () => void;
  const closed = new Promise<void>((resolve) => (markClosed = resolve));
  const close = () => (closing ??= stop().finally(() => markClosed()));

  const server = createServer(log);
  for (const cloud of clouds) {
    serveCloud(server, { cloud, faults, requests, answer: (request) => answer(cloud, request) });
  }
  serveAdministration(server, {
    faults,
    requests,
    contents,
    reset,
    conditions: () => cudo.conditions,
    setConditions: (conditions) => (cudo.conditions = conditions),
    mithrilConditions: () => mithril.conditions,
    setMithrilConditions: (conditions) => (mithril.conditions = conditions),
    aws: ensureAws,
    machine: (id) => rental.find(id),
    shutdown: () => void close().catch((error: unknown) => log.error({ error: String(error) }, "shutdown failed")),
  });
  await rental.adopt(state.orphans);
  const url = await listen(server, options.port ?? 0);
  await save();
  settle(true);
  log.info({ url }, "simulator listens");
  return {
    url,
    cudo: { baseUrl: `${url}/cudo`, apiKey: state.apiKey, projectId: firstProjectId },
    mithril: { baseUrl: `${url}/mithril`, apiKey: mithrilState.apiKey, projectId: firstMithrilProject, sshPort },
    aws: async () => (await ensureAws()).client,
    state: contents,
    close,
    closed,
  };
}

function freshState(seed: string): SimulatorState {
  const apiKey = derived(seed, "api-key");
  // Simulators of several state directories seldom give their machines the same addresses.
  const addressCursor = Number.parseInt(derived(seed, "addresses").slice(0, 8), 16) % machineRange.size;
  return {
    version: stateVersion,
    apiKey,
    cudo: emptyCudo({ seed, apiKey, addressCursor, now: Date.now() }),
    orphans: [],
  };
}

function createServer(log: Logger): FastifyInstance {
  const server = fastify({ logger: false, bodyLimit, forceCloseConnections: true, exposeHeadRoutes: false });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  // Pages in a browser must not reach what listens on this machine, whatever name they call it by.
  server.addHook("onRequest", async (request, reply) => {
    const host = request.hostname;
    if (host !== "127.0.0.1" && host !== "localhost")
      return reply.status(403).send({ message: "Only for 127.0.0.1 and localhost." });
    return undefined;
  });
  server.setNotFoundHandler((request, reply) =>
    reply.status(404).send({ message: `Nothing here: ${request.method} ${request.url}` }),
  );
  server.setErrorHandler((error, request, reply) => {
    log.error({ error: String(error), method: request.method }, "request failed");
    return reply
      .status((error as { statusCode?: number }).statusCode ?? 500)
      .send({ code: 13, message: "internal error", details: [] });
  });
  return server;
}

async function listen(server: FastifyInstance, port: number): Promise<string> {
  try {
    await server.listen({ host: "127.0.0.1", port });
  } catch (error) {
    await server.close();
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EADDRINUSE")
      throw new PortError(
        `Port ${port} on 127.0.0.1 is in use; choose another with --port, or --port 0 for any that is free.`,
      );
    if (code === "EACCES")
      throw new PortError(`Port ${port} may not be used by this user; choose one above 1023 with --port.`);
    throw error;
  }
  return `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
}
