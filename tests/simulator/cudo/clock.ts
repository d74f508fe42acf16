/** Cudo without HTTP, under a clock that only the test moves. */
import { CudoCloud } from "../../../simulator/cudo/cloud";
import type { Conditions } from "../../../simulator/cudo/conditions";
import { emptyCudo, firstProjectId, type CudoState } from "../../../simulator/cudo/model";
import { defaultTiming } from "../../../simulator/cudo/timing";

export const apiKey = "test-key";
export const project = `/v1/projects/${firstProjectId}`;
export const place = "gb-bournemouth-1";
export const gpuPlace = "us-newyork-1";

export interface Reply {
  status: number;
  /** Of any shape: that is what the tests are about. */
  body: any;
}

export class ClockCudo {
  now = Date.parse("2026-01-01T00:00:00Z");
  readonly state: CudoState;
  readonly cloud: CudoCloud;

  constructor(conditions: Conditions = {}, withMachines = false) {
    this.state = emptyCudo({ seed: "test", apiKey, addressCursor: 0, now: this.now });
    this.cloud = new CudoCloud(this.state, defaultTiming, withMachines);
    this.cloud.conditions = conditions;
  }

  wait(milliseconds: number): void {
    this.now += milliseconds;
  }

  /** Until everything that is under way has ended. Far enough for all delays, not for expiries. */
  settle(): void {
    this.wait(5_000);
    this.cloud.advance(this.now);
  }

  raw(method: string, url: string, body = "", authorization = `Bearer ${apiKey}`) {
    const [path = "", query = ""] = url.split("?");
    return this.cloud.answer({ method, path, query: new URLSearchParams(query), authorization, body }, this.now);
  }

  call(method: string, url: string, body?: object): Reply {
    const answer = this.raw(method, url, body === undefined ? "" : JSON.stringify(body));
    return { status: answer.status, body: JSON.parse(answer.body) };
  }

  /** A call within the project that must work; its answer. */
  ok(method: string, path: string, body?: object): Reply["body"] {
    const reply = this.call(method, project + path, body);
    if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  }

  /** A call within the project that must be refused: `<HTTP status> <gRPC code> <message>`. */
  refusal(method: string, path: string, body?: object): string {
    const { status, body: error } = this.call(method, project + path, body);
    return status === 200 ? "accepted" : `${status} ${error.code} ${error.message}`;
  }

  vm(id: string) {
    return this.ok("GET", `/vms/${id}`).VM;
  }

  /** Makes a VM and waits until it runs. */
  runningVm(id: string, body: object = {}) {
    this.ok("POST", "/vm", vmBody(id, body));
    this.settle();
    return this.vm(id);
  }

  activeNetwork(id: string, ipRange = "10.0.0.0/24", dataCenterId = place): void {
    this.ok("POST", "/networks", { id, dataCenterId, ipRange });
    this.settle();
  }
}

/** The smallest body that makes a VM. */
export function vmBody(id: string, rest: object = {}) {
  return {
    vmId: id,
    dataCenterId: place,
    machineType: "intel-broadwell",
    bootDiskImageId: "ubuntu-2404",
    vcpus: 2,
    memoryGib: 4,
    gpus: 0,
    ...rest,
  };
}
