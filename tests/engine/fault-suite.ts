import assert from "node:assert/strict";
import { applies, calls, disturbed, FaultBench, faults } from "./faults";

/** One test for each call and each of these faults. */
export function describeFaults(kinds: readonly string[]): void {
  describe(`an up on the engine survives ${kinds.join(" and ")}`, function () {
    this.timeout(60_000);
    const bench = new FaultBench();
    before(() => bench.start());
    after(() => bench.stop());

    before("without a fault it makes exactly the calls that are listed", async () => {
      const expected = calls.map(([method, path]) => `${method} ${path}`).sort();
      assert.deepEqual(await bench.baseline(), expected);
    });

    for (const kind of kinds) {
      for (const { method, path, nth } of disturbed.filter((call) => applies(kind, call.method))) {
        it(`${kind}, at ${method} ${path}${nth > 1 ? ` (number ${nth})` : ""}`, () =>
          bench.survives({
            cloud: "cudo",
            match: { method, path: `^${path.replace(/[?.]/g, "\\$&")}$` },
            nth,
            ...faults[kind]!,
          }));
      }
    }
  });
}
