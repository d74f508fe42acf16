import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatIpv4,
  isPrivate,
  machineRange,
  nextMachineAddress,
  parseIpv4,
  parseIpv4Range,
} from "../../simulator/addresses";

describe("simulator: addresses", () => {
  it("reads what it writes", () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        assert.equal(formatIpv4(parseIpv4(text)!), text);
      }),
    );
    for (const text of ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "a.b.c.d"])
      assert.equal(parseIpv4(text), undefined);
    for (const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "/8", "10.0.0.0/08"])
      assert.equal(parseIpv4Range(text), undefined);
  });

  it("knows private ranges as a whole", () => {
    const given = ["10.0.0.0/8", "172.16.0.0/12", "192.168.1.0/24", "172.32.0.0/16", "10.0.0.0/7", "8.8.8.0/24"];
    assert.deepEqual(
      given.map((text) => isPrivate(parseIpv4Range(text)!)),
      [true, true, true, false, false, false],
    );
  });

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
