import { setImmediate } from "node:timers/promises";

/** What nobody handled of a program, until nothing more happens. */
export async function rejectionsOf(run: () => void): Promise<unknown[]> {
  const others = process.listeners("unhandledRejection");
  const found: unknown[] = [];
  const note = (error: unknown) => void found.push(error);
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", note);
  try {
    run();
    for (let turn = 0; turn < 60; turn++) await setImmediate();
  } finally {
    process.off("unhandledRejection", note);
    for (const listener of others) process.on("unhandledRejection", listener);
  }
  return found;
}
