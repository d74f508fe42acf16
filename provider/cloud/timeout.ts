import type { CheckFailure } from "../server/resource";

const daySeconds = 24 * 60 * 60;

/** Of resources that wait. Nobody waits for longer than a day, and timers of Node.js cannot for a month. */
export function wrongTimeout({ timeoutSeconds: given }: { timeoutSeconds?: unknown }): CheckFailure[] {
  if (typeof given !== "number" || (given >= 1 && given <= daySeconds)) return [];
  return [{ property: "timeoutSeconds", reason: `must be from 1 to ${daySeconds}, a day, is ${given}` }];
}
