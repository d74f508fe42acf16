/** What an operation did, or would do, step by step, as the engine's log tells it. */
import type { Operation } from "./stack";

interface LogLine {
  resourcePreEvent?: { metadata: { op: string; urn: string } };
}

/** Of resources that do not stay as they are, in the order of their names: `update test-workers`. */
export function stepsOf({ events }: Operation): string[] {
  const steps = events.split("\n").flatMap((line) => {
    const { metadata } = (line.includes('"resourcePreEvent"') && (JSON.parse(line) as LogLine).resourcePreEvent) || {};
    return metadata && metadata.op !== "same" ? [`${metadata.op} ${metadata.urn.split("::").at(-1)}`] : [];
  });
  return steps.sort();
}
