import type { Options } from "execa";

/** Runs a command to its end with execa, and gives its output. */
export async function runCommand<Settings extends Options>(file: string, args: string[], settings: Settings) {
  // Imported when needed: execa is quick to start a command but slow to load, and can not be loaded by `require`.
  const { execa } = await import("execa");
  return execa(file, args, settings);
}
