import assert from "node:assert/strict";
import { machineRange, nextMachineAddress } from "../../simulator/addresses";

describe("simulator: addresses", () => {
  it("hands out every machine address once, and none that ends in 0 or 255", () => {
    const taken = new Set<string>();
    let cursor = 40_000;
    for (;;) {
      const next = nextMachineAddress(cursor, taken);
      if (!next) break;
      assert.ok(!taken.has(next.address) && !/\.(0|255)$/.test(next.address));
      taken.add(next.address);
      cursor = next.cursor;
    }
    assert.equal(taken.size, (machineRange.size / 256) * 254);
  });
});
