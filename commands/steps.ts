import { Listr, ListrLogger, PRESET_TIMER, ProcessOutput, type ListrTask } from "listr2";
import { lineReport, type Report } from "../toolchain/tools";

/** One step of a command, shown with its elapsed time. */
export interface Step {
  title: string;
  /** Does the work; `say` shows what is being done right now. May return a text that says how it ended. */
  run: (say: Report) => Promise<string | undefined | void>;
}

/** Runs steps, one after the other unless told otherwise. Progress goes to stderr, so that stdout stays for results. */
export async function runSteps(steps: Step[], order: { concurrent?: boolean } = {}): Promise<void> {
  const interactive = process.stderr.isTTY === true && process.env.TERM !== "dumb";
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  const tasks = steps.map((step): ListrTask => ({
    title: step.title,
    task: async (_context, task) => {
      const show = (text: string): void => {
        task.output = text;
      };
      const report: Report = interactive ? (subject, text) => show(`${subject}: ${text}`) : lineReport(show);
      const ending = await step.run(report);
      if (ending) task.title = `${step.title}: ${ending}`;
    },
  }));
  await new Listr(tasks, {
    concurrent: order.concurrent === true,
    renderer: interactive ? "default" : "simple",
    rendererOptions: { logger, timer: PRESET_TIMER, collapseErrors: false },
  }).run();
}
