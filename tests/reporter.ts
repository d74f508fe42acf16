import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/** mocha's spec reporter, which also writes the counts to a file for `tests/run.ts`. */
class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const counts = (options.reporterOptions as { counts?: string } | undefined)?.counts;
    runner.once("end", () => {
      if (counts) {
        const { passes, failures } = this.stats;
        writeFileSync(counts, JSON.stringify({ passed: passes, failed: failures }));
      }
    });
  }
}

module.exports = CountingReporter;
