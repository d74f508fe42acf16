/**
 * `npm run test:e2e`: all tests on real services, and those that need machines which really boot (Linux, root); else it says why these did not run.
 * The first run makes the machine image, with AWS's own cloud controller manager, which takes minutes to compile. `npm test` runs one cluster of
 * each cloud of them, with a stand-in.
 */
import { imageVariable } from "../simulator/machines/nspawn/image/tools";
import { bootingProblem, machinesFolder, runBootingTests } from "./booting";

async function main(): Promise<number> {
  process.env[imageVariable] = "complete";
  const given = process.argv.slice(2);
  const files = given.filter((argument) => argument.endsWith(".e2e.ts"));
  const needsMachines = files.length === 0 || files.some((file) => file.includes(machinesFolder));
  const problem = needsMachines ? await bootingProblem() : undefined;
  if (problem !== undefined) console.log(`Not run, because machines cannot boot on this computer: ${problem}.`);
  if (problem !== undefined && files.length > 0) return 0;
  return runBootingTests(problem === undefined ? "all" : "services", ["--reporter", "spec", ...given]);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
