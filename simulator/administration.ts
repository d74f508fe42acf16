/** `/_simulator`: what exists, what was asked, faults, machines, reset and shutdown. */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { SimulatedCloud } from "./cloud";
import type { CloudConditions } from "./clouds";
import type { SimulatorContents } from "./contents";
import { checkFault } from "./fault-check";
import type { FaultRecord, Faults } from "./faults";
import type { Machine } from "./machines/machine";
import type { RequestLog } from "./request-log";

export interface Administration {
  readonly clouds: ReadonlyMap<string, SimulatedCloud>;
  readonly faults: Faults;
  readonly requests: RequestLog;
  readonly contents: () => Promise<SimulatorContents>;
  readonly machine: (id: string) => Machine | undefined;
  /** Removes all objects, faults and records; resolves when no machine is left. */
  readonly reset: () => Promise<void>;
  /** Begins the shutdown; the answer is sent first. */
  readonly shutdown: () => void;
}

/** What `GET /_simulator/faults` answers. */
export interface FaultList extends CloudConditions {
  faults: FaultRecord[];
}

export function serveAdministration(server: FastifyInstance, administration: Administration): void {
  const { clouds, faults, requests } = administration;
  const base = "/_simulator";
  const conditions = () =>
    Object.fromEntries([...clouds].flatMap(([name, cloud]) => (cloud.conditions ? [[name, cloud.conditions]] : [])));
  server.get(`${base}/health`, () => ({ status: "ok", pid: process.pid }));
  server.get(`${base}/state`, () => administration.contents());
  server.get(`${base}/requests`, () => ({ requests: requests.all() }));
  server.delete(`${base}/requests`, () => (requests.clear(), {}));

  server.get(`${base}/faults`, () => ({
    faults: faults.all(),
    ...Object.fromEntries(Object.entries(conditions()).map(([name, each]) => [name, each.current()])),
  }));
  server.post(`${base}/faults`, (request, reply) => {
    const checked = checkFault(request.body, clouds);
    if ("problem" in checked) return refuse(reply, 400, checked.problem);
    if ("fault" in checked) return faults.add(checked.fault);
    const those = conditions()[checked.cloud]!;
    those.set({ ...those.current(), ...checked.conditions });
    return { [checked.cloud]: those.current() };
  });
  server.delete(`${base}/faults`, () => {
    faults.clear();
    for (const each of Object.values(conditions())) each.set({});
    return {};
  });
  for (const cloud of clouds.values()) cloud.serve?.(server, base);

  // A machine's id has slashes, so it is what stands between the prefix and the last part.
  server.get(`${base}/machines/*`, async (request, reply) => {
    const [id, action] = machineAction(request.params);
    const machine = action === "console" ? administration.machine(id) : undefined;
    if (!machine) return refuse(reply, 404, `There is no machine "${id}", or no "${action}" of it.`);
    return reply.header("content-type", "text/plain; charset=utf-8").send(await machine.console());
  });
  server.post(`${base}/machines/*`, async (request, reply) => {
    const [id, action] = machineAction(request.params);
    const machine = action === "power-cut" ? administration.machine(id) : undefined;
    if (!machine) return refuse(reply, 404, `There is no machine "${id}", or no "${action}" of it.`);
    await machine.powerCut();
    return {};
  });

  server.post(`${base}/reset`, async () => {
    await administration.reset();
    return {};
  });
  server.post(`${base}/shutdown`, (_request, reply) => {
    reply.raw.once("finish", administration.shutdown);
    return reply.header("connection", "close").send({});
  });
}

function machineAction(params: unknown): [id: string, action: string] {
  const parts = (params as { "*": string })["*"].split("/");
  const action = parts.pop() ?? "";
  return [parts.join("/"), action];
}

function refuse(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.status(status).header("content-type", "application/json").send(JSON.stringify({ message }));
}
