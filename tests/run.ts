/**
 * `npm test`: makes sure of the tools, then runs every test file, some at a time, then a cluster of machines that boot for each cloud, and
 * prints last the line `N passed, N failed`.
 *
 * `npm test -- tests/provider/cudo` runs one folder, `--grep` goes to mocha; both leave the machines out.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, sep } from "node:path";
import { ensurePulumi } from "../stand-ins/build/pulumi";
import { toolNames } from "../toolchain/tools";
import { ensurePluginBundle } from "../build/bundle";
import { bootingProblem, runBootingTests } from "./booting";

/** More than there are cores: engines and machines wait for each other much of the time. */
const jobs = availableParallelism() + 1;

/** Folders with files that take minutes come first, so that none of them is left to run alone at the end. */
const longest = ["static", "engine"];

async function main(): Promise<number> {
  const given = process.argv.slice(2);
  const paths = given.filter((argument) => argument.startsWith("tests/"));
  const options = given.filter((argument) => !argument.startsWith("tests/"));
  await ensurePulumi(toolNames);
  await ensurePluginBundle();

  const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-tests-"));
  try {
    const specs =
      paths.length > 0 ? paths.map((path) => (path.endsWith(".ts") ? path : `${path}/**/*.test.ts`)) : allFiles();
    const outcomes = [
      await counted(directory, (reporter) =>
        mocha(["--parallel", "--jobs", String(jobs), ...reporter, ...options, ...specs]),
      ),
    ];
    if (given.length === 0) outcomes.push(...(await onMachinesThatBoot(directory)));
    const passed = sum(outcomes.map((outcome) => outcome.passed));
    const failed = sum(outcomes.map((outcome) => outcome.failed));
    const ok = failed === 0 && passed > 0;
    console.log(`${passed} passed, ${ok ? 0 : Math.max(failed, 1)} failed`);
    return ok ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function allFiles(): string[] {
  const rank = (file: string) => (longest.some((folder) => file.startsWith(`${folder}${sep}`)) ? 0 : 1);
  return readdirSync(__dirname, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .map((file) => join("tests", file));
}

interface Outcome {
  passed: number;
  failed: number;
}

/** Runs mocha with a reporter that counts. A run that fails without a failed test counts as one failure. */
async function counted(directory: string, run: (reporter: string[]) => number | Promise<number>): Promise<Outcome> {
  const counts = join(directory, "counts.json");
  rmSync(counts, { force: true });
  const status = await run(["--reporter", "tests/reporter.ts", "--reporter-option", `counts=${counts}`]);
  let outcome: Outcome;
  try {
    outcome = JSON.parse(readFileSync(counts, "utf8")) as Outcome;
  } catch {
    // mocha ended before any test could run: that is one failure, whatever it printed.
    return { passed: 0, failed: 1 };
  }
  return status === 0 ? outcome : { ...outcome, failed: Math.max(outcome.failed, 1) };
}

function mocha(args: string[]): number {
  const color = process.stdout.isTTY ? "1" : "0";
  const program = require.resolve("mocha/bin/mocha.js");
  const env = { ...process.env, FORCE_COLOR: color };
  return spawnSync(process.execPath, [program, ...args], { stdio: "inherit", env }).status ?? 1;
}

async function onMachinesThatBoot(directory: string): Promise<Outcome[]> {
  let problem: string | undefined;
  try {
    problem = await bootingProblem();
  } catch (error) {
    console.error(`the machine image could not be made: ${error instanceof Error ? error.message : String(error)}`);
    return [{ passed: 0, failed: 1 }];
  }
  if (problem === undefined) return [await counted(directory, (reporter) => runBootingTests("cloud", reporter))];
  console.log(`\nNot run: a cluster of machines that boot for each cloud, because here they cannot: ${problem}.\n`);
  return [];
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    console.log("0 passed, 1 failed");
    process.exit(1);
  },
);
