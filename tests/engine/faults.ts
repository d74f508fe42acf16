/**
 * Fails each API call of an `up` in turn, and shows that the next `up` ends where an undisturbed one does: nothing twice, nothing lost.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SimulatorClient, type Fault } from "../../simulator/client";
import { testCluster, type TestCluster } from "../machines/test-cluster";
import { compiledProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import type { EngineStack } from "./stack";

const project = "/v1/projects/simulator";

/** Every call that an `up` of `programs/cudo-pieces` makes; the first test holds this list against the request log. */
export const calls: readonly (readonly [method: string, path: string])[] = [
  ["GET", "/v1/vms/data-centers"],
  ["GET", "/v1/vms/machine-types?projectId=simulator"],
  ["GET", "/v1/vms/public-images"],
  ["GET", `${project}/images?pageNumber=1&pageSize=100`],
  ["GET", `${project}/networks/pieces-network`],
  ["POST", `${project}/networks`],
  ["GET", `${project}/security-groups/pieces-nodes`],
  ["POST", `${project}/security-groups`],
  ["GET", `${project}/disks/pieces-disk`],
  ["POST", `${project}/disks`],
  ["GET", `${project}/vms/pieces-vm`],
  ["POST", `${project}/vm`],
  ["GET", `${project}/vms`],
  ["GET", `${project}/vms/pieces-group-0`],
  ["GET", `${project}/vms/pieces-group-1`],
];

/** Creates of VMs are counted: the first is the program's own or a group's, the others follow. */
export const disturbed = calls.flatMap(([method, path]) =>
  (path.endsWith("/vm") ? [1, 2, 3] : [1]).map((nth) => ({ method, path, nth })),
);

/**
 * Which of them `npm test` runs: each write with every kind of fault, each read with one, because the client treats all reads alike.
 * GPU_CLUSTERS_FAULTS=all runs every combination; only a lost answer of a read is left out, which is a lost request.
 */
export function applies(kind: string, method: string): boolean {
  if (method !== "GET") return true;
  return process.env.GPU_CLUSTERS_FAULTS === "all" ? faults[kind]!.effect === "before" : kind === "500";
}

export const faults: Record<string, Pick<Fault, "effect" | "outcome">> = {
  "an error before any effect": { effect: "before", outcome: "dropConnection" },
  "an answer lost after the effect": { effect: "after", outcome: "dropConnection" },
  "429 with Retry-After": {
    effect: "before",
    outcome: {
      status: 429,
      headers: { "retry-after": "0" },
      body: { code: 8, message: "Too many requests", details: [] },
    },
  },
  "500": { effect: "before", outcome: { status: 500, body: { code: 13, message: "internal error", details: [] } } },
};

interface Clouds {
  vms: string[];
  disks: string[];
  networks: string[];
  securityGroups: string[];
}

export class FaultBench {
  private environment!: EngineEnvironment;
  private client!: SimulatorClient;
  private cluster!: TestCluster;
  private undisturbed!: Clouds;
  private program!: string;
  private stack!: EngineStack;

  async start(): Promise<void> {
    this.cluster = await testCluster();
    await this.cluster.control.start();
    this.environment = await EngineEnvironment.start({ machines: false, timing: { scale: 0 } });
    this.client = new SimulatorClient(this.environment.simulator.url);
    await this.apiServerReady();
    this.program = await compiledProgram(join(__dirname, "programs", "cudo-pieces"));
    const environment = { PIECES_KUBECONFIG: this.cluster.kubeconfig };
    this.stack = await this.environment.stack({}, { program: this.program, environment });
  }

  /** Until the administrator has rights too. */
  private async apiServerReady(): Promise<void> {
    for (const deadline = Date.now() + 30_000; ; await sleep(200)) {
      try {
        await this.cluster.api.list({ apiVersion: "v1", kind: "Secret", namespace: "kube-system" });
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  }

  async stop(): Promise<void> {
    await this.environment?.stop();
    await this.cluster?.close();
    if (this.program) rmSync(this.program, { recursive: true, force: true });
  }

  /** An `up` without faults; afterwards the clouds are what all others must end with. */
  async baseline(): Promise<string[]> {
    await this.afresh();
    await this.client.clearRequests();
    const up = await this.stack.up();
    assert.ok(up.ok, up.text);
    this.undisturbed = await this.clouds();
    const seen = new Set((await this.client.requests()).map((request) => `${request.method} ${request.path}`));
    return [...seen].sort();
  }

  /** An `up` with the fault, then one without: it converges, and does nothing if the client's own retries have already seen to it. */
  async survives(fault: Fault): Promise<void> {
    await this.afresh();
    await this.client.addFault(fault);
    const first = await this.stack.up();
    const [record] = (await this.client.faults()).faults;
    assert.equal(record?.fired, 1, `the fault hit nothing:\n${first.text}`);
    await this.client.clearFaults();
    const second = await this.stack.up(...(first.ok ? ["--expect-no-changes"] : []));
    assert.ok(second.ok, `the up after the fault failed:\n${second.text}\nThe one with the fault:\n${first.text}`);
    assert.deepEqual(await this.clouds(), this.undisturbed);
  }

  /** Empty clouds, and a stack that knows of nothing; the test before may have failed half-way. */
  private async afresh(): Promise<void> {
    await this.client.clearFaults();
    await this.client.reset();
    this.stack.forget();
  }

  private async clouds(): Promise<Clouds> {
    const { cudo } = await this.client.state();
    const ids = (objects: readonly { id: string }[]) => objects.map(({ id }) => id).sort();
    return {
      vms: ids(cudo.vms),
      disks: ids(cudo.disks),
      networks: ids(cudo.networks),
      securityGroups: ids(cudo.securityGroups),
    };
  }
}
