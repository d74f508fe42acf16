/** `/_simulator`: what exists, what was asked, faults, machines, reset and shutdown. */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { AwsSimulatorClient } from "./aws/client";
import type { Conditions } from "./cudo/conditions";
import type { SimulatorContents } from "./contents";
import { checkFault } from "./fault-check";
import type { FaultRecord, Faults } from "./faults";
import type { MithrilConditions } from "./mithril/conditions";
import type { Machine } from "./machines/machine";
import type { RequestLog } from "./request-log";

export interface Administration {
  readonly faults: Faults;
  readonly requests: RequestLog;
  readonly conditions: () => Conditions;
  readonly setConditions: (conditions: Conditions) => void;
  readonly mithrilConditions: () => MithrilConditions;
  readonly setMithrilConditions: (conditions: MithrilConditions) => void;
  readonly contents: () => Promise<SimulatorContents>;
  /** Starts the simulated AWS unless it runs. */
  readonly aws: () => Promise<{ client: AwsSimulatorClient; life: string }>;
  readonly machine: (id: string) => Machine | undefined;
  /** Removes all objects, faults and records; resolves when no machine is left. */
  readonly reset: () => Promise<void>;
  /** Begins the shutdown; the answer is sent first. */
  readonly shutdown: () => void;
}

/** What `GET /_simulator/faults` answers. */
export interface FaultList {
  faults: FaultRecord[];
  cudo: Conditions;
  mithril: MithrilConditions;
}

/** What `POST /_simulator/aws` answers. */
export interface AwsAddress {
  /** Of all services of the simulated AWS; its own administration is below `/_simulator` there. */
  endpoint: string;
  /** Differs after each start: it keeps nothing from one to the next. */
  life: string;
}

export function serveAdministration(server: FastifyInstance, administration: Administration): void {
  const { faults, requests } = administration;
  const base = "/_simulator";
  server.get(`${base}/health`, () => ({ status: "ok", pid: process.pid }));
  server.get(`${base}/state`, () => administration.contents());
  server.get(`${base}/requests`, () => ({ requests: requests.all() }));
  server.delete(`${base}/requests`, () => (requests.clear(), {}));

  server.get(`${base}/faults`, (): FaultList => ({
    faults: faults.all(),
    cudo: administration.conditions(),
    mithril: administration.mithrilConditions(),
  }));
  server.post(`${base}/faults`, (request, reply) => {
    const checked = checkFault(request.body);
    if ("problem" in checked) return refuse(reply, 400, checked.problem);
    if ("fault" in checked) return faults.add(checked.fault);
    if ("mithril" in checked) {
      administration.setMithrilConditions({ ...administration.mithrilConditions(), ...checked.mithril });
      return { mithril: administration.mithrilConditions() };
    }
    administration.setConditions({ ...administration.conditions(), ...checked.conditions });
    return { cudo: administration.conditions() };
  });
  server.delete(`${base}/faults`, () => {
    faults.clear();
    administration.setConditions({});
    administration.setMithrilConditions({});
    return {};
  });

  server.post(`${base}/aws`, async (): Promise<AwsAddress> => {
    const { client, life } = await administration.aws();
    return { endpoint: client.endpoint, life };
  });

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
