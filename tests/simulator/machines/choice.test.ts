import assert from "node:assert/strict";
import { chooseMachines, describeMachines } from "../../../simulator/machines/choice";

describe("the kind of machines", () => {
  const can = { asked: undefined, left: [], makesMachines: true, problem: undefined };
  const cannot = { ...can, problem: "they need root" };

  it("is the one that boots where it can, else the light one, with the reason", () => {
    assert.equal(chooseMachines(can).kind, "nspawn");
    const { kind, reason } = chooseMachines(cannot);
    assert.equal(
      describeMachines(kind, reason),
      "light machines (processes); those that boot cannot here: they need root",
    );
    assert.equal(chooseMachines({ ...can, makesMachines: false }).kind, "light", "nothing is to be made");
  });

  it("is what machines of a stopped simulator are, and what was asked for", () => {
    assert.equal(chooseMachines({ ...can, left: ["light"] }).kind, "light");
    assert.equal(chooseMachines({ ...can, left: ["nspawn"], makesMachines: false }).kind, "nspawn");
    assert.equal(chooseMachines({ ...can, asked: "light" }).kind, "light");
    for (const wish of [{ asked: "nspawn" }, { left: ["nspawn"] }] as const)
      assert.throws(() => chooseMachines({ ...cannot, ...wish }), /cannot boot on this computer: they need root/);
  });
});
