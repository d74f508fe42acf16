/**
 * `npm run bench`: measures, and prints one JSON object. Compare ratios within one run; seconds depend on the machine.
 *
 * `npm run bench -- start` measures one subject and prints its figures in one line; without arguments all are measured, one after the other.
 */
import { Argument } from "commander";
import { commandLine } from "../../commands/command-line";
import { autoscaler } from "./autoscaler";
import { boot } from "./boot";
import { fleetDestroy } from "./fleet-destroy";
import { start } from "./start";
import { plugin } from "./plugin";
import { preview } from "./preview";
import { typeCheck } from "./type-check";

const subjects: Record<string, () => Promise<Record<string, unknown>>> = {
  plugin,
  preview,
  "type-check": typeCheck,
  start,
  "fleet-destroy": fleetDestroy,
  boot,
  autoscaler,
};

async function measure(given: readonly string[]): Promise<void> {
  const figures: Record<string, unknown> = { node: process.version, platform: `${process.platform}-${process.arch}` };
  for (const name of given.length > 0 ? given : Object.keys(subjects)) {
    console.error(`measuring ${name}…`);
    figures[name] = await subjects[name]!();
  }
  const [only, ...others] = given;
  // One subject is one line, for whoever reads the last.
  if (only !== undefined && others.length === 0) return console.log(JSON.stringify(figures[only]));
  console.log(JSON.stringify(figures, undefined, 2));
}

commandLine("npm run bench --")
  .description("Measures, and prints one JSON object.")
  .addArgument(
    new Argument("[subjects...]", "what to measure. Default: all, one after the other").choices(Object.keys(subjects)),
  )
  .action(measure)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
