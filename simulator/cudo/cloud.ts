/** Cudo as the server sees it: requests in, answers out, machines wanted. */
import type { CloudApi, CloudAnswer, CloudRequest, WantedMachine } from "../cloud";
import { scaled, type Timing } from "./timing";
import { findMachineType } from "./capacity";
import { endlessRoom, type Room } from "../room";
import type { Conditions } from "./conditions";
import { CudoError, EdgeRefusal } from "./errors";
import { firstProjectId, type CudoState, type StoredVm, type World } from "./model";
import { operations, type Operation } from "./operations";
import { summarise, type CudoSummary } from "./summary";
import { advance, nextDue } from "./transitions";
import { checkEdge } from "./vm-create";

interface Route {
  readonly operation: Operation;
  readonly pattern: RegExp;
}

const routes: readonly Route[] = operations.map((operation) => ({
  operation,
  pattern: new RegExp(`^${operation.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`),
}));

/** Parts of the API that the reference documents and this simulator leaves out. */
const notSimulated =
  /^\/v1\/(machines-types|machines\/|invoices|clusters|volumes|billing-accounts\/|projects\/[^/]+:|projects\/[^/]+\/(machines|clusters|cluster-machines|volumes|object-storage))/;

export class CudoCloud implements CloudApi {
  conditions: Conditions = {};
  private readonly delays: Timing;

  constructor(
    private readonly state: CudoState,
    timing: Timing,
    /** Whether VMs become machines. */
    private readonly withMachines: boolean,
    private readonly room: () => Room = () => endlessRoom,
  ) {
    this.delays = scaled(timing);
  }

  operationOf(method: string, path: string): string | undefined {
    return match(method, path)?.operation.name;
  }

  answer(request: CloudRequest, now: number): CloudAnswer {
    this.advance(now);
    try {
      return json(200, this.run(request, now));
    } catch (error) {
      if (error instanceof CudoError) return json(error.status, error.body);
      if (error instanceof EdgeRefusal) return { status: error.status, contentType: "text/html", body: error.body };
      throw error;
    }
  }

  advance(now: number): void {
    advance(this.state, now, this.delays);
  }

  nextDue(): number | undefined {
    return nextDue(this.state);
  }

  machines(): ReadonlyMap<string, WantedMachine> {
    return new Map(Object.values(this.state.vms).map((vm) => [machineId(vm), wantedMachine(vm)]));
  }

  /** One that is off keeps its host. */
  places(): number {
    return Object.keys(this.state.vms).length;
  }

  /** As with other VMs that cannot be started, the API gives no reason but the state. */
  refused(uid: string, problem: string): void {
    const vm = Object.values(this.state.vms).find((candidate) => candidate.uid === uid);
    if (!vm || vm.state === "DELETING") return;
    Object.assign(vm, { state: "FAILED", steps: [], powered: false, problem } satisfies Partial<StoredVm>);
  }

  summary(now: number): CudoSummary {
    this.advance(now);
    return summarise(this.world(now));
  }

  reset(): void {
    for (const objects of [
      this.state.vms,
      this.state.disks,
      this.state.networks,
      this.state.securityGroups,
      this.state.images,
    ]) {
      for (const key of Object.keys(objects)) delete objects[key];
    }
    this.state.sshKeys = {};
    for (const id of Object.keys(this.state.projects)) if (id !== firstProjectId) delete this.state.projects[id];
    this.conditions = {};
  }

  private run(request: CloudRequest, now: number): object {
    checkEdge(request.body);
    const found = match(request.method, request.path);
    if (!found) throw routingError(request.path);
    const run = found.operation.prepare(request.body);
    this.authorize(request.authorization, found.path["projectId"]);
    return run({ world: this.world(now), path: found.path, query: request.query });
  }

  private authorize(authorization: string, projectId: string | undefined): void {
    const key = /^Bearer (\S+)$/.exec(authorization)?.[1];
    if (key === undefined) throw new CudoError(16, "missing or malformed authorization: send a bearer token");
    if (!Object.values(this.state.apiKeys).some((known) => known.key === key))
      throw new CudoError(16, "invalid api key");
    if (projectId !== undefined && !this.state.projects[projectId])
      throw new CudoError(7, `permission denied for project "${projectId}"`);
  }

  private world(now: number): World {
    return {
      state: this.state,
      now,
      delays: this.delays,
      conditions: this.conditions,
      oneAddress: this.withMachines,
      room: this.room,
    };
  }
}

export function machineId(vm: Pick<StoredVm, "projectId" | "id">): string {
  return `cudo/${vm.projectId}/${vm.id}`;
}

function wantedMachine(vm: StoredVm): WantedMachine {
  const model = findMachineType(vm.dataCenterId, vm.machineType)?.gpu?.name ?? "";
  return {
    uid: vm.uid,
    powered: vm.powered,
    boots: vm.boots,
    spec: {
      id: machineId(vm),
      name: vm.id,
      address: vm.machineAddress,
      vcpus: vm.vcpus,
      memoryGib: vm.memoryGib,
      gpus: vm.gpus > 0 ? { count: vm.gpus, model } : undefined,
      startScript: vm.startScript,
    },
  };
}

function match(method: string, path: string): { operation: Operation; path: Record<string, string> } | undefined {
  for (const { operation, pattern } of routes) {
    const groups = operation.method === method ? pattern.exec(path) : null;
    if (groups) return { operation, path: decoded(groups.groups ?? {}) };
  }
  return undefined;
}

/** A known path with a method that it does not have is "not implemented" to the gateway. */
function routingError(path: string): CudoError {
  if (routes.some(({ pattern }) => pattern.test(path))) return new CudoError(12, "Method Not Allowed");
  return notSimulated.test(path) ? new CudoError(12, `Not simulated: ${path}`) : new CudoError(5, "Not Found");
}

function decoded(groups: Record<string, string>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    throw new CudoError(3, "malformed path");
  }
}

function json(status: number, body: object): CloudAnswer {
  return { status, contentType: "application/json", body: JSON.stringify(body) };
}
