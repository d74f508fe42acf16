import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "..", "..");

function run(module: string, ...args: string[]): void {
  const result = spawnSync(process.execPath, [require.resolve(module), ...args], { cwd: root, encoding: "utf8" });
  assert.equal(result.status, 0, `${result.stdout}${result.stderr}`);
}

describe("static checks", function () {
  this.timeout(900_000);

  it("types agree", () => run("typescript/bin/tsc", "--noEmit", "-p", root));

  it("rooms import only what they may", () =>
    run("../../node_modules/dependency-cruiser/bin/dependency-cruise.mjs", "."));

  it("ESLint finds nothing", () => run("../../node_modules/eslint/bin/eslint.js", "--max-warnings", "0", "."));

  it("files are formatted", () =>
    run("../../node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."));
});
