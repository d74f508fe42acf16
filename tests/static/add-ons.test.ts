import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { componentsSchema } from "../../sdk/schema/committed";
import { addOnOf, faultyAddOns } from "../engine/add-ons";

describe("components that run in clusters", () => {
  it("are each among those whose second preview, destroy and faults are tested", () => {
    const room = "gpu-clusters:addons:";
    const types = Object.keys(componentsSchema().resources!).filter((type) => type.startsWith(room));
    const names = types.map((type) => type.slice(room.length));
    assert.deepEqual(Object.keys(addOnOf).sort(), names.sort());
    const program = readFileSync(join(__dirname, "../engine/programs/add-on/index.ts"), "utf8");
    for (const name of names) {
      assert.ok(faultyAddOns.includes(addOnOf[name]!), name);
      assert.ok(program.includes(`new ${name}(`), name);
    }
    for (const name of faultyAddOns) assert.match(program, new RegExp(`^  "?${name}"?: `, "m"), name);
  });
});
