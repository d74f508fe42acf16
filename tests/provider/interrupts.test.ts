import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { provider } from "../../plugin/provider";

/** It asks nothing of anybody. */
const local = ["gpu-clusters:kubernetes:GeneratedKey"];

it("every resource is interrupted at each of its requests", () => {
  const files = readdirSync(__dirname, { recursive: true, encoding: "utf8" });
  const tests = files.filter((file) => /[/-]interrupts[\w-]*\.test\.ts$/.test(file));
  const words = tests.map((file) => readFileSync(join(__dirname, file), "utf8")).join("");
  assert.deepEqual(
    Object.keys(provider.resources).filter((type) => !words.includes(`"${type}"`)),
    local,
  );
});
