import assert from "node:assert/strict";
import fc from "fast-check";
import { clampSize, newest } from "../../../provider/node-groups/bounds";
import type { NodeGroupMachine } from "../../../provider/node-groups/driver";

const machine = fc.record({
  bundle: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }),
  state: fc.constantFrom("creating", "running", "deleting", "failed") as fc.Arbitrary<NodeGroupMachine["state"]>,
});
const machines = fc.array(machine, { maxLength: 8 }).map((list) =>
  list.map(({ bundle, state }, index): NodeGroupMachine => ({
    id: `m${index}`,
    providerId: "",
    nodeName: "",
    state,
    ...(bundle !== undefined && { bundle }),
  })),
);

describe("what is removed beyond a group's maximum", () => {
  it("is never more than asked for, and never part of what was bought together", () => {
    fc.assert(
      fc.property(machines, fc.integer({ min: -1, max: 9 }), (all, count) => {
        const chosen = newest(all, count);
        assert.ok(chosen.length <= Math.max(0, count));
        for (const { id, bundle } of all) {
          if (bundle === undefined) continue;
          const together = all.filter((other) => other.bundle === bundle);
          assert.ok(together.every((other) => chosen.includes(other.id) === chosen.includes(id)));
        }
      }),
    );
  });

  it("are the newest live machines, where each was bought alone", () => {
    fc.assert(
      fc.property(machines, fc.nat({ max: 9 }), (given, count) => {
        const all = given.map(({ bundle: _, ...alone }): NodeGroupMachine => alone);
        const live = all.filter(({ state }) => state === "creating" || state === "running").map(({ id }) => id);
        assert.deepEqual(newest(all, count), live.reverse().slice(0, count));
      }),
    );
  });

  it("follows from a size outside of the bounds", () => {
    const bounds = { minSize: 2, maxSize: 4 };
    assert.deepEqual(
      [0, 2, 3, 4, 9].map((size) => clampSize(size, bounds)),
      [2, 2, 3, 4, 4],
    );
  });
});
