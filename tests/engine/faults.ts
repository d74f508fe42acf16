/**
 * Fails each API call of an `up` in turn, and shows that the next `up` ends where an undisturbed one does: nothing twice, nothing lost.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { SimulatorClient, type Fault } from "../../simulator/client";
import { testCluster, type TestCluster } from "../machines/test-cluster";
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

/** A read has no effect: to lose its answer is to lose the request. */
export function applies(kind: string, method: string): boolean {
  return method !== "GET" || faults[kind]!.effect === "before";
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

  async start(): Promise<void> {
    this.cluster = await testCluster();
    await this.cluster.control.start();
    this.environment = await EngineEnvironment.start({ machines: false, timing: { scale: 0 } });
    this.client = new SimulatorClient(this.environment.simulator.url);
    await this.cluster.api.text("/readyz");
  }

  async stop(): Promise<void> {
    await this.environment?.stop();
    await this.cluster?.close();
  }

  /** An `up` without faults; afterwards the clouds are what all others must end with. */
  async baseline(): Promise<string[]> {
    const stack = await this.stack();
    await this.client.clearRequests();
    const up = await stack.up();
    assert.ok(up.ok, up.text);
    this.undisturbed = await this.clouds();
    const seen = new Set((await this.client.requests()).map((request) => `${request.method} ${request.path}`));
    stack.remove();
    return [...seen].sort();
  }

  /** An `up` with the fault, then one without: it converges, and does nothing if the client's own retries have already seen to it. */
  async survives(fault: Fault): Promise<void> {
    const stack = await this.stack();
    await this.client.addFault(fault);
    const first = await stack.up();
    const [record] = (await this.client.faults()).faults;
    assert.equal(record?.fired, 1, `the fault hit nothing:\n${first.text}`);
    await this.client.clearFaults();
    const second = await stack.up(...(first.ok ? ["--expect-no-changes"] : []));
    assert.ok(second.ok, `the up after the fault failed:\n${second.text}\nThe one with the fault:\n${first.text}`);
    assert.deepEqual(await this.clouds(), this.undisturbed);
    stack.remove();
  }

  private async stack(): Promise<EngineStack> {
    // A test that failed may have left something.
    await this.client.reset();
    return this.environment.stack(
      {},
      {
        program: join(__dirname, "programs", "cudo-pieces"),
        environment: { PIECES_KUBECONFIG: this.cluster.kubeconfig },
      },
    );
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
