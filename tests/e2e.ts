/**
 * `npm run test:e2e`: what needs machines that really boot (Linux, root), one file after the other; else it says why it did not run. The
 * first run makes the machine image.
 */
import { spawnSync } from "node:child_process";
import { nspawnProblem } from "../simulator/machines/nspawn/host";

async function main(): Promise<number> {
  const problem = await nspawnProblem();
  if (problem !== undefined) {
    console.log(`Not run, because machines cannot boot on this computer: ${problem}.`);
    return 0;
  }
  const mocha = [require.resolve("mocha/bin/mocha.js"), "--reporter", "spec", ...process.argv.slice(2)];
  return spawnSync(process.execPath, [...mocha, "tests/machines-nspawn/*.e2e.ts"], { stdio: "inherit" }).status ?? 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
