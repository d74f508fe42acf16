import assert from "node:assert/strict";
import fc from "fast-check";
import { formatMoney, normalizeMoney, parseMoney, sameMoney } from "../../../sdk/mithril/money";
import { bidName, bidOrdinal, instanceName, longestOrderName, reservationName } from "../../../provider/mithril/names";

describe("Mithril money", () => {
  const cents = fc.integer({ min: 0, max: 100_000_000 });

  it("reads what it writes", () => {
    fc.assert(fc.property(cents, (amount) => assert.equal(parseMoney(formatMoney(amount)), amount)));
    fc.assert(fc.property(cents, (amount) => assert.match(formatMoney(amount), /^\$\d+\.\d{2}$/)));
  });

  it("reads other spellings of the same amount", () => {
    fc.assert(
      fc.property(cents, (amount) => {
        const [whole, fraction] = formatMoney(amount).slice(1).split(".");
        const commas = whole!.replace(/\B(?=(\d{3})+$)/g, ",");
        for (const text of [
          `${whole}.${fraction}`,
          `$${commas}.${fraction}`,
          ` $ ${whole}.${fraction}0 `,
          `$${whole}.${fraction}004`,
        ]) {
          assert.equal(parseMoney(text), amount, text);
        }
        assert.equal(parseMoney(amount / 100), amount);
      }),
    );
  });

  it("rounds below a cent, and refuses what is no amount", () => {
    assert.equal(parseMoney("1.005"), 101);
    assert.equal(parseMoney("$.5"), 50);
    for (const text of ["", "$", "free", "-1", "1e3", "$1,00", "1.2.3", "NaN", "€5"])
      assert.equal(parseMoney(text), undefined, text);
    assert.equal(parseMoney(Number.NaN), undefined);
    assert.equal(parseMoney(-1), undefined);
    assert.equal(normalizeMoney("25.6"), "$25.60");
    assert.equal(sameMoney("25.6", "$25.60"), true);
    assert.equal(sameMoney("x", "x"), false);
  });
});

describe("Names of Mithril orders", () => {
  const part = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/);
  const ordinal = fc.integer({ min: 0, max: 99_999 });

  it("are plain where that is clear", () => {
    assert.equal(bidName("train", "gpu", 3), "train-gpu-3");
    assert.equal(instanceName("train-gpu-3", 1), "train-gpu-3-1");
  });

  it("give their ordinal back, and are short and fit for nodes", () => {
    fc.assert(
      fc.property(part, part, ordinal, (cluster, group, number) => {
        const name = bidName(cluster, group, number);
        assert.equal(bidOrdinal(cluster, group, name), number);
        assert.ok(name.length <= longestOrderName, name);
        assert.match(name, /^[a-z]([a-z0-9-]*[a-z0-9])?$/);
      }),
    );
  });

  it("differ between groups and are never taken for another group's", () => {
    fc.assert(
      fc.property(part, part, ordinal, part, part, (cluster, group, number, otherCluster, otherGroup) => {
        fc.pre(cluster !== otherCluster || group !== otherGroup);
        assert.equal(bidOrdinal(otherCluster, otherGroup, bidName(cluster, group, number)), undefined);
        assert.notEqual(reservationName(cluster, group), reservationName(otherCluster, otherGroup));
      }),
    );
    for (const [a, b, c, d] of [
      ["a-b", "c", "a", "b-c"],
      ["a", "b-1", "a", "b"],
      ["a-1", "b", "a", "1-b"],
    ] as const) {
      for (let number = 0; number < 3; number++) {
        assert.equal(bidOrdinal(c, d, bidName(a, b, number)), undefined);
        assert.equal(bidOrdinal(a, b, bidName(c, d, number)), undefined);
      }
    }
  });

  it("do not take a group's reservation or instances for its bids", () => {
    fc.assert(
      fc.property(part, part, ordinal, (cluster, group, number) => {
        assert.equal(bidOrdinal(cluster, group, reservationName(cluster, group)), undefined);
        assert.equal(bidOrdinal(cluster, group, instanceName(bidName(cluster, group, number), 1)), undefined);
      }),
    );
  });
});
