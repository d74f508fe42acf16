import assert from "node:assert/strict";
import { everything, faults, isWrite, MithrilFaultBench, operations, type Disturbance } from "./mithril-faults";

/**
 * `npm test` disturbs an `up` several times at once: every create with each kind of fault, every read with one, because the client treats
 * all reads alike. GPU_CLUSTERS_FAULTS=all runs each call with each fault alone.
 */
const together: readonly (readonly [what: string, disturbances: readonly Disturbance[]])[] = [
  ...Object.keys(faults).map(
    (kind) =>
      [`${kind}, at every create`, everything.filter((one) => one.kind === kind && isWrite(one.operation))] as const,
  ),
  [
    "500 at every read",
    everything.filter((one) => one.kind === "500 before any effect" && !isWrite(one.operation) && one.nth === 1),
  ],
];

const alone = everything.map((one) => [`${one.kind}, at ${one.operation} (number ${one.nth})`, [one]] as const);

describe("an up of a Mithril cluster on the engine survives", function () {
  this.timeout(240_000);
  const bench = new MithrilFaultBench();
  before(() => bench.start());
  after(() => bench.stop());

  before("without a fault it makes the calls that are listed", async () => {
    const seen = await bench.baseline();
    assert.deepEqual(Object.keys(seen).sort(), Object.keys(operations).sort());
    for (const [operation, least] of Object.entries(operations)) {
      assert.ok(seen[operation]! >= least, `${operation} is called ${seen[operation]} times, not ${least}`);
    }
  });

  for (const [what, disturbances] of process.env.GPU_CLUSTERS_FAULTS === "all" ? alone : together) {
    it(what, () => bench.survives(disturbances));
  }
});
