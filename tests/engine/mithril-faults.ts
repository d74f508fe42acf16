/**
 * Fails API calls of an `up` that makes a Mithril cluster, and shows that the next `up` ends where an undisturbed one does: nothing twice,
 * nothing lost. The machines are of paper: what is disturbed is the way to the cloud.
 */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { SimulatorClient, type Fault } from "../../simulator/client";
import { compiledDefaultProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import { mithrilConfig, spotGroup } from "./mithril-config";
import { paperMachines } from "./paper-machines";
import type { EngineStack } from "./stack";

/** The operations of the `up`, and how often each is called at least. The first test holds this list against the request log. */
export const operations: Readonly<Record<string, number>> = {
  CreateSshKey: 1,
  CreateCluster: 1,
  CreateVolume: 1,
  CreateBid: 2,
  GetCluster: 1,
  GetCurrentPrices: 1,
  ListBids: 3,
  ListClusters: 1,
  ListCpuInstanceTypes: 1,
  ListInstanceTypes: 1,
  ListInstances: 1,
  ListRegions: 1,
  ListSpotAvailability: 1,
  ListSshKeys: 3,
  ListVolumes: 2,
};

export const isWrite = (operation: string) => operation.startsWith("Create");

export const faults: Readonly<Record<string, Pick<Fault, "effect" | "outcome">>> = {
  "an error before any effect": { effect: "before", outcome: "dropConnection" },
  "an answer lost after the effect": { effect: "after", outcome: "dropConnection" },
  "429 with Retry-After": {
    effect: "before",
    outcome: { status: 429, headers: { "retry-after": "0" }, body: { detail: "Too many requests" } },
  },
  "500 before any effect": { effect: "before", outcome: { status: 500, body: { detail: "Internal Server Error" } } },
  "500 after the effect": { effect: "after", outcome: { status: 500, body: { detail: "Internal Server Error" } } },
};

/** One call to disturb: the `nth` of an operation. */
export interface Disturbance {
  operation: string;
  nth: number;
  kind: string;
}

/** Everything that can go wrong. An answer that a read loses is a request that it loses. */
export const everything: readonly Disturbance[] = Object.entries(operations).flatMap(([operation, count]) =>
  Array.from({ length: count }, (_, index) => index + 1).flatMap((nth) =>
    Object.keys(faults)
      .filter((kind) => isWrite(operation) || faults[kind]!.effect === "before")
      .map((kind) => ({ operation, nth, kind })),
  ),
);

interface Things {
  keys: string[];
  clusters: string[];
  volumes: string[];
  bids: string[];
  instances: string[];
}

export class MithrilFaultBench {
  private environment!: EngineEnvironment;
  private client!: SimulatorClient;
  private program!: string;
  private stack!: EngineStack;
  private undisturbed!: Things;

  async start(): Promise<void> {
    this.environment = await EngineEnvironment.start({ machines: () => paperMachines(), timing: { scale: 0 } });
    this.client = new SimulatorClient(this.environment.simulator.url);
    this.program = await compiledDefaultProgram();
    const config = mithrilConfig(this.environment.simulator, "faults", [{ ...spotGroup, minSize: 2 }]);
    this.stack = await this.environment.stack(config, { program: this.program });
  }

  async stop(): Promise<void> {
    await this.environment?.stop();
    if (this.program) rmSync(this.program, { recursive: true, force: true });
  }

  /** An `up` without faults: how often it calls each operation. Its things are what all others must end with. */
  async baseline(): Promise<Record<string, number>> {
    await this.afresh();
    await this.client.clearRequests();
    const up = await this.stack.up();
    assert.ok(up.ok, up.text);
    this.undisturbed = await this.things();
    const counts: Record<string, number> = {};
    for (const { cloud, operation = "?" } of await this.client.requests()) {
      if (cloud === "mithril") counts[operation] = (counts[operation] ?? 0) + 1;
    }
    return counts;
  }

  /**
   * `up` with all of the disturbances, again after each failure until it succeeds; then one without: it finds nothing to do. No `up` may
   * fail oftener than it was disturbed.
   */
  async survives(disturbances: readonly Disturbance[]): Promise<void> {
    await this.afresh();
    for (const { operation, nth, kind } of disturbances) {
      await this.client.addFault({ cloud: "mithril", match: { operation }, nth, ...faults[kind]! });
    }
    const failed: string[] = [];
    for (let up = await this.stack.up(); !up.ok; up = await this.stack.up()) {
      failed.push(up.text);
      assert.ok(failed.length <= disturbances.length, `one more up failed:\n${failed.join("\n\n")}`);
    }
    for (const { match, nth, fired } of (await this.client.faults()).faults) {
      assert.equal(fired, 1, `the fault at ${match.operation} number ${nth} hit nothing:\n${failed.join("\n\n")}`);
    }
    await this.client.clearFaults();
    const last = await this.stack.up("--expect-no-changes");
    assert.ok(last.ok, `the last up should have nothing to do:\n${last.text}\nBefore it:\n${failed.join("\n\n")}`);
    assert.deepEqual(await this.things(), this.undisturbed);
  }

  /** An empty cloud, and a stack that knows of nothing; the test before may have failed half-way. */
  private async afresh(): Promise<void> {
    await this.client.clearFaults();
    await this.client.reset();
    this.stack.forget();
  }

  private async things(): Promise<Things> {
    const { sshKeys, clusters, volumes, bids, instances } = (await this.client.state()).mithril;
    const names = (objects: readonly { name: string; status?: string }[]) =>
      objects.map(({ name, status = "" }) => `${name} ${status}`).sort();
    return {
      keys: names(sshKeys),
      clusters: names(clusters),
      volumes: names(volumes),
      bids: names(bids),
      instances: names(instances),
    };
  }
}
