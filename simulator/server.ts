/** The simulator: clouds on one loopback port, their machines, and the administration of both. */
import { randomBytes } from "node:crypto";
import type { AddressInfo, Socket } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { pino, type Logger } from "pino";
import { machineRange } from "./addresses";
import { serveAdministration } from "./administration";
import { Alarm } from "./alarm";
import type { CloudRequest, SimulatedCloud } from "./cloud";
import { clouds as openers, type Accesses, type CloudContents, type CloudOptions } from "./clouds";
import type { SimulatorContents } from "./contents";
import { Faults } from "./faults";
import { derived } from "./identifiers";
import type { MachineKind } from "./machines/machine";
import { Rental } from "./rental";
import { RequestLog } from "./request-log";
import { roomOf } from "./room";
import { serveServices, type ServiceAccess } from "./services/serve";
import { StateFile, type Snapshot } from "./state-file";
import { lockStateDirectory } from "./state-lock";
import { serveCloud } from "./traffic";

export interface SimulatorOptions extends CloudOptions {
  /** Port on 127.0.0.1. Default: one that is free. */
  port?: number;
  /** Keeps the clouds over a restart. Made when it is missing; only its owner may read it. */
  stateDir: string;
  /** How VMs become machines; `undefined`: VMs are records only. */
  machines: MachineKind | undefined;
  /** Makes the API keys, ids and addresses of a new state directory repeatable. Default: random. */
  seed?: string;
  /** Default: silent. */
  log?: Logger;
}

/** By name of the cloud what its clients need, and besides: */
export interface Simulator extends Accesses {
  readonly accesses: Accesses;
  /** What a client of what is no cloud needs. */
  readonly services: ServiceAccess;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** For people: what leads each cloud's own tools here, as lines for a shell. */
  readonly shellLines: readonly string[];
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

const cloudPath = new RegExp(`^/(${Object.keys(openers).join("|")})/`);

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const log = options.log ?? pino({ level: "silent" });
  const unlock = await lockStateDirectory(options.stateDir);
  try {
    return await run(options, await StateFile.open(options.stateDir), log, unlock);
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
  const clouds = new Map<string, SimulatedCloud>();
  const all = () => [...clouds.values()];
  const places = () => all().reduce((sum, cloud) => sum + cloud.places(), 0);
  const rental = new Rental(options.machines, log, refused);
  const faults = new Faults();
  const requests = new RequestLog();
  const alarm = new Alarm(() => settle(true));
  let closing: Promise<void> | undefined;

  const seed = options.seed ?? randomBytes(32).toString("hex");
  // Simulators of several state directories seldom give their machines the same addresses.
  const firstAddress = Number.parseInt(derived(seed, "addresses").slice(0, 8), 16);
  const names = Object.keys(openers) as (keyof typeof openers)[];
  for (const [index, name] of names.entries()) {
    const surroundings = {
      stored: file.found?.clouds[name],
      stateDir: options.stateDir,
      seed,
      firstAddress: Math.floor(firstAddress + (machineRange.size * index) / names.length) % machineRange.size,
      machines: options.machines,
      room: () => roomOf(options.machines, places),
      consoleOf: (uid: string) => rental.consoleOf(uid),
      changed: () => settle(true),
      log,
    };
    clouds.set(name, await openers[name](surroundings, options));
  }

  function refused({ id, uid }: { id: string; uid: string }, problem: string): void {
    clouds.get(id.split("/", 1)[0]!)?.refused(uid, problem);
    settle(true);
  }

  function snapshot(): Snapshot {
    const kept = [...clouds].flatMap(([name, cloud]) => (cloud.stored ? [[name, cloud.stored()] as const] : []));
    // The machines of a cloud that forgets everything are nobody's when the simulator ends.
    const forgotten = all().filter((cloud) => !cloud.stored);
    const orphans = forgotten.flatMap((cloud) => [...cloud.machines().values()].map(({ spec }) => spec));
    return { clouds: new Map(kept), orphans: [...rental.orphans(), ...orphans] };
  }

  const save = () => file.save(snapshot);

  /** After time or a request changed the clouds: machines follow, and what is due next wakes us up. */
  function settle(timePassed: boolean): void {
    if (closing) return;
    const apis = all().flatMap(({ api }) => api ?? []);
    if (timePassed) for (const api of apis) api.advance(Date.now());
    rental.reconcile(new Map(all().flatMap((cloud) => [...cloud.machines()])));
    options.machines
      ?.keepShares?.(new Set(all().flatMap((cloud) => cloud.shares?.() ?? [])))
      .catch((error: unknown) => log.error({ error: String(error) }, "file shares cannot be erased"));
    for (const cloud of all()) cloud.follow?.();
    const due = apis.map((api) => api.nextDue()).filter((time) => time !== undefined);
    alarm.set(due.length === 0 ? undefined : Math.min(...due));
    // After `reconcile`, which knows whose machine is left over.
    if (timePassed) save().catch((error: unknown) => log.error({ error: String(error) }, "state cannot be written"));
  }

  async function contents(): Promise<SimulatorContents> {
    await Promise.all(all().map(async (cloud) => cloud.caughtUp?.()));
    settle(true);
    await rental.orphansGone();
    const found = await Promise.all([...clouds].map(async ([name, cloud]) => [name, await cloud.contents()] as const));
    return { ...(Object.fromEntries(found) as unknown as CloudContents), machines: rental.list() };
  }

  async function reset(): Promise<void> {
    faults.clear();
    requests.clear();
    for (const cloud of all()) await cloud.reset();
    settle(false);
    await rental.orphansGone();
    await save();
  }

  async function stop(): Promise<void> {
    alarm.clear();
    forMachines?.close();
    await server.close();
    services.close();
    for (const cloud of all()) await cloud.close();
    await rental.close();
    await save();
    await unlock();
    log.info("simulator closed");
  }

  let markClosed: () => void;
  const closed = new Promise<void>((resolve) => (markClosed = resolve));
  const close = () => (closing ??= stop().finally(() => markClosed()));

  const machineSockets = new WeakSet<Socket>();
  const server = createServer(log, (socket) => machineSockets.has(socket));
  for (const [cloud, { api }] of clouds) {
    if (!api) continue;
    const answer = async (request: CloudRequest) => {
      const given = api.answer(request, Date.now());
      settle(false);
      if (request.method !== "GET") await save();
      return given;
    };
    serveCloud(server, { cloud, api, faults, requests, answer });
  }
  const services = serveServices(server, seed);
  serveAdministration(server, {
    clouds,
    faults,
    requests,
    contents,
    reset,
    machine: (id) => rental.find(id),
    shutdown: () => void close().catch((error: unknown) => log.error({ error: String(error) }, "shutdown failed")),
  });
  await rental.adopt(file.found?.orphans ?? []);
  const url = await listen(server, options.port ?? 0);
  const forMachines = await options.machines?.network?.standFor(Number(new URL(url).port), (socket) => {
    machineSockets.add(socket);
    server.server.emit("connection", socket);
  });
  await save();
  settle(true);
  log.info({ url }, "simulator listens");
  const found = [...clouds].map(([name, cloud]) => [name, cloud.access(url)]);
  const accesses = Object.fromEntries(found) as unknown as Accesses;
  return {
    ...accesses,
    accesses,
    services: services.access(url),
    url,
    shellLines: all().flatMap((cloud) => cloud.shellLines(url)),
    state: contents,
    close,
    closed,
  };
}

/** Machines reach the clouds, and nothing of what stands behind them. */
function createServer(log: Logger, isMachine: (socket: Socket) => boolean): FastifyInstance {
  const server = fastify({ logger: false, bodyLimit, forceCloseConnections: true, exposeHeadRoutes: false });
  // Only who asks closes an idle connection: a request that is sent while this side closes it fails for no reason.
  server.server.keepAliveTimeout = 0;
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  // Pages in a browser must not reach what listens on this machine, whatever name they call it by.
  server.addHook("onRequest", async (request, reply) => {
    const host = request.hostname;
    if (host !== "127.0.0.1" && host !== "localhost")
      return reply.status(403).send({ message: "Only for 127.0.0.1 and localhost." });
    if (isMachine(request.socket) && !cloudPath.test(request.url))
      return reply.status(403).send({ message: "Not for machines." });
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
