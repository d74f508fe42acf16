/** What generators of other languages find in the schema. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Paths of all that is of the type `number`, which is a floating point number elsewhere. */
function numbers(schema: unknown, path: string): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const here = (schema as { type?: unknown }).type === "number" ? [path] : [];
  return [...here, ...Object.entries(schema).flatMap(([key, each]) => numbers(each, `${path}/${key}`))];
}

const read = (path: string) => JSON.parse(readFileSync(join(__dirname, "../..", path), "utf8")) as object;

describe("plugin/schema.json", () => {
  it("has whole numbers for all that is counted: others are memory, ratios and prices of clouds, and bounds of values of any kind", () => {
    const found = numbers(read("plugin/schema.json"), "").map((path) =>
      path.replace(/^\/(types|resources)\/gpu-clusters:|\/(properties|inputProperties|additionalProperties)/g, ""),
    );
    assert.deepEqual(found, [
      "cudo:MachineTypeOffer/minMemoryGib",
      "cudo:MachineTypeOffer/minVcpuPerMemoryGib",
      "cudo:MachineTypeOffer/maxVcpuPerMemoryGib",
      "cudo:MachineTypeOffer/minVcpuPerGpu",
      "cudo:MachineTypeOffer/maxVcpuPerGpu",
      "mithril:InstanceTypeOffer/hourlyPrice",
      "kubernetes:LastingChoices/least",
    ]);
  });
});

describe("components/schema.json", () => {
  it("has whole numbers for all that is counted, which is everything", () => {
    assert.deepEqual(numbers(read("components/schema.json"), ""), []);
  });
});
