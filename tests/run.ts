/**
 * `npm test`: makes sure of the tools, then runs every test file, two at a time, and prints last the line `N passed, N failed`.
 *
 * `npm test -- tests/cudo` runs one folder, `--grep` goes to mocha.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureTools, toolNames } from "../toolchain/tools";
import { ensurePluginBundle } from "../toolchain/build/bundle";

async function main(): Promise<number> {
  const given = process.argv.slice(2);
  const paths = given.filter((argument) => argument.startsWith("tests/"));
  const options = given.filter((argument) => !argument.startsWith("tests/"));
  await ensureTools(toolNames);
  await ensurePluginBundle();

  const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-tests-"));
  try {
    const counts = join(directory, "counts.json");
    const specs = (paths.length > 0 ? paths : ["tests"]).map((path) =>
      path.endsWith(".ts") ? path : `${path}/**/*.test.ts`,
    );
    const run = spawnSync(
      process.execPath,
      [
        require.resolve("mocha/bin/mocha.js"),
        "--parallel",
        "--jobs",
        "2",
        "--reporter",
        "tests/reporter.ts",
        "--reporter-option",
        `counts=${counts}`,
        ...options,
        ...specs,
      ],
      { stdio: "inherit", env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? "1" : "0" } },
    );
    let passed = 0;
    let failed = 1;
    try {
      ({ passed, failed } = JSON.parse(readFileSync(counts, "utf8")) as { passed: number; failed: number });
    } catch {
      // mocha ended before any test could run: that is one failure, whatever it printed.
    }
    const ok = run.status === 0 && failed === 0 && passed > 0;
    console.log(`${passed} passed, ${ok ? 0 : Math.max(failed, 1)} failed`);
    return ok ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    console.log("0 passed, 1 failed");
    process.exit(1);
  },
);
