/** Told what is being done: `subject` is a tool or a group of tools, `step` what happens to it right now. */
export type Report = (subject: string, step: string) => void;

/**
 * A report for people that writes lines with the elapsed time: each new kind of step at once, and a sign of life every
 * 15 s while a step goes on.
 */
export function lineReport(write: (line: string) => void, now: () => number = Date.now): Report {
  const interval = 15_000;
  const started = new Map<string, number>();
  const shown = new Map<string, { kind: string; at: number }>();
  return (subject, step) => {
    const time = now();
    const start = started.get(subject) ?? time;
    started.set(subject, start);
    const kind = step.split(/[\s,]/, 1)[0] ?? "";
    const last = shown.get(subject);
    if (last && last.kind === kind && time - last.at < interval) return;
    shown.set(subject, { kind, at: time });
    write(`${subject}: ${step} (${Math.round((time - start) / 1000)} s)`);
  };
}

export const reportToStderr: Report = lineReport((line) => process.stderr.write(`${line}\n`));
