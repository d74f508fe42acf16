/**
 * Fails API calls of an `up`, and shows that the next `up` ends where an undisturbed one does: nothing twice, nothing lost.
 *
 * `npm test` disturbs an `up` several times at once: every write with each kind of fault, every read with one, because the clients treat all
 * reads alike. GPU_CLUSTERS_FAULTS=all runs each call with each fault alone.
 */
import assert from "node:assert/strict";
import { SimulatorClient, type Fault, type RequestRecord, type SimulatorContents } from "../../simulator/client";
import type { EngineEnvironment } from "./environment";
import type { EngineStack } from "./stack";

/** A program whose `up` is disturbed on its way to one cloud. */
export interface FaultSubject {
  cloud: Fault["cloud"];
  /** The calls of an undisturbed `up`, and how often each is made at least. A test holds them against the request log. */
  calls: readonly Call[];
  nameOf(request: RequestRecord): string;
  /** The cloud's error, with this status. */
  errorBody(status: 429 | 500): object;
  start(): Promise<Started>;
}

export interface Call {
  name: string;
  match: Fault["match"];
  least: number;
  isWrite: boolean;
}

export interface Started {
  environment: EngineEnvironment;
  stack: EngineStack;
  /** What the cloud holds, in words: the same after every `up` that succeeded. */
  contents(state: SimulatorContents): Record<string, string[]>;
  stop(): Promise<void>;
}

interface Disturbance {
  call: Call;
  kind: string;
  fault: Fault;
}

export function describeFaults(what: string, subject: FaultSubject): void {
  describe(`${what} on the engine survives`, function () {
    this.timeout(900_000);
    let bench: FaultBench;
    before(async () => {
      bench = new FaultBench(await subject.start());
    });
    after(() => bench?.stop());

    before("without a fault it makes the calls that are listed", async () => {
      const seen = (await bench.baseline()).filter(({ cloud }) => cloud === subject.cloud).map(subject.nameOf);
      assert.deepEqual([...new Set(seen)].sort(), subject.calls.map(({ name }) => name).sort());
      for (const { name, least } of subject.calls) {
        const times = seen.filter((each) => each === name).length;
        assert.ok(times >= least, `${name} is called ${times} times, not ${least}`);
      }
    });

    const everything = disturbances(subject);
    if (process.env.GPU_CLUSTERS_FAULTS === "all") {
      for (const one of everything) {
        it(`${one.kind}, at ${one.call.name} (number ${one.fault.nth})`, () => bench.survives([one]));
      }
      return;
    }
    for (const kind of new Set(everything.map((one) => one.kind))) {
      const together = everything.filter((one) => one.kind === kind && one.call.isWrite);
      it(`${kind}, at every write`, () => bench.survives(together));
    }
    const reads = everything.filter(
      ({ kind, call, fault }) => kind === "500 before any effect" && !call.isWrite && fault.nth === 1,
    );
    it("500 at every read", () => bench.survives(reads));
  });
}

/** Everything that can go wrong. An answer that a read loses is a request that it loses. */
function disturbances({ cloud, calls, errorBody }: FaultSubject): Disturbance[] {
  const error = (status: 429 | 500, headers?: Record<string, string>): Fault["outcome"] => ({
    status,
    body: errorBody(status),
    ...(headers && { headers }),
  });
  const kinds: readonly (readonly [kind: string, fault: Pick<Fault, "effect" | "outcome">])[] = [
    ["an error before any effect", { effect: "before", outcome: "dropConnection" }],
    ["an answer lost after the effect", { effect: "after", outcome: "dropConnection" }],
    ["429 with Retry-After", { effect: "before", outcome: error(429, { "retry-after": "0" }) }],
    ["500 before any effect", { effect: "before", outcome: error(500) }],
    ["500 after the effect", { effect: "after", outcome: error(500) }],
  ];
  return calls.flatMap((call) =>
    Array.from({ length: call.least }, (_, index) => index + 1).flatMap((nth) =>
      kinds
        .filter(([, { effect }]) => call.isWrite || effect === "before")
        .map(([kind, fault]) => ({ call, kind, fault: { cloud, match: call.match, nth, ...fault } })),
    ),
  );
}

class FaultBench {
  private readonly client: SimulatorClient;
  private undisturbed!: Record<string, string[]>;

  constructor(private readonly started: Started) {
    this.client = new SimulatorClient(started.environment.simulator.url);
  }

  stop(): Promise<void> {
    return this.started.stop();
  }

  /** An `up` without faults, whose contents are what all others must end with. */
  async baseline(): Promise<RequestRecord[]> {
    await this.afresh();
    await this.client.clearRequests();
    const up = await this.started.stack.up();
    assert.ok(up.ok, up.text);
    this.undisturbed = await this.contents();
    return this.client.requests();
  }

  /**
   * `up` with all of the disturbances, again after each failure until it succeeds; then one without: it finds nothing to do. No `up` may
   * fail oftener than it was disturbed.
   */
  async survives(disturbances: readonly Disturbance[]): Promise<void> {
    const { stack } = this.started;
    await this.afresh();
    for (const { fault } of disturbances) await this.client.addFault(fault);
    const failed: string[] = [];
    for (let up = await stack.up(); !up.ok; up = await stack.up()) {
      failed.push(up.text);
      assert.ok(failed.length <= disturbances.length, `one more up failed:\n${failed.join("\n\n")}`);
    }
    for (const [index, { fired }] of (await this.client.faults()).faults.entries()) {
      const { call, fault } = disturbances[index]!;
      assert.equal(fired, 1, `the fault at ${call.name} number ${fault.nth} hit nothing:\n${failed.join("\n\n")}`);
    }
    await this.client.clearFaults();
    const last = await stack.up("--expect-no-changes");
    assert.ok(last.ok, `the last up should have nothing to do:\n${last.text}\nBefore it:\n${failed.join("\n\n")}`);
    assert.deepEqual(await this.contents(), this.undisturbed);
  }

  /** An empty cloud, and a stack that knows of nothing; the test before may have failed half-way. */
  private async afresh(): Promise<void> {
    await this.client.clearFaults();
    await this.client.reset();
    this.started.stack.forget();
  }

  private async contents(): Promise<Record<string, string[]>> {
    return this.started.contents(await this.client.state());
  }
}
