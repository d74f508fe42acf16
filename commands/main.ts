import { GoMissingError } from "../toolchain/tools/compile";
import { CommandError } from "./command-error";

/**
 * Runs a command of the command line to its end and sets the exit code. SIGINT and SIGTERM abort the signal that the
 * command gets; it then ends what it started.
 */
export async function runMain(command: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort(new CommandError("interrupted", undefined, 130));
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
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
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

/** A full disk, or a folder that may not be written: the message names it, and a stack says nothing more. */
function isOfTheComputer(error: unknown): error is Error {
  const { code } = { ...(error as NodeJS.ErrnoException) };
  return error instanceof Error && ["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOTDIR"].includes(code ?? "");
}
