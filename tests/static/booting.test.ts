import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { bootingTests } from "../booting";

describe("npm run test:e2e", () => {
  it("runs each file that is for it, once", () => {
    const found = readdirSync(join(__dirname, ".."), { recursive: true, encoding: "utf8" });
    const files = found.filter((name) => name.endsWith(".e2e.ts")).map((name) => `tests/${name}`);
    assert.deepEqual([...bootingTests("all")].sort(), files.sort());
  });
});
