/**
 * `npm run test:e2e`: all tests that need machines which really boot (Linux, root); else it says why they did not run. The first run makes
 * the machine image. `npm test` runs one cluster of each cloud of them.
 */
import { bootingProblem, runBootingTests } from "./booting";

async function main(): Promise<number> {
  const problem = await bootingProblem();
  if (problem !== undefined) {
    console.log(`Not run, because machines cannot boot on this computer: ${problem}.`);
    return 0;
  }
  return runBootingTests("all", ["--reporter", "spec", ...process.argv.slice(2)]);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
