import { GoMissingError } from "../toolchain/tools/compile";
import { CommandError } from "./command-error";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a command of the command line to its end and sets the exit code. SIGINT, SIGTERM, a terminal that is closed, and an output that nobody reads any
 * more abort the signal that the command gets; it then ends what it started.
 */
export async function runMain(command: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort(new CommandError("interrupted", undefined, 130));
  for (const name of signals) process.on(name, interrupt);
  // To the end of the process: what is written last has no reader either.
  for (const output of [process.stdout, process.stderr]) output.on("error", interrupt);
  try {
    await command(interruption.signal);
  } catch (caught) {
    const error: unknown =
      interruption.signal.aborted && !(caught instanceof CommandError) ? interruption.signal.reason : caught;
    if (error instanceof CommandError) {
      process.stderr.write(`\nerror: ${error.message}\n${error.next ? `${error.next}\n` : ""}`);
      process.exitCode = error.exitCode;
    } else if (error instanceof GoMissingError || isOfTheComputer(error)) {
      process.stderr.write(`\nerror: ${error.message}\n`);
      process.exitCode = 1;
    } else {
      process.stderr.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = 1;
    }
  } finally {
    for (const name of signals) process.off(name, interrupt);
  }
}

/** A full disk, or a folder that may not be written: the message names it, and a stack says nothing more. */
function isOfTheComputer(error: unknown): error is Error {
  const { code } = { ...(error as NodeJS.ErrnoException) };
  return error instanceof Error && ["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOTDIR"].includes(code ?? "");
}
