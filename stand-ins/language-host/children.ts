import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";

/** The processes that the host started, so that a cancellation reaches all of them. */
export class Children {
  private readonly running = new Set<ChildProcess>();

  /** Starts a process. It is forgotten once it has ended and its output is read. */
  start(command: string, args: string[], options: SpawnOptions): ChildProcess {
    const child = spawn(command, args, options);
    this.running.add(child);
    const forget = (): boolean => this.running.delete(child);
    child.once("close", forget);
    child.once("error", forget);
    return child;
  }

  interrupt(): void {
    for (const child of this.running) child.kill("SIGINT");
  }
}

/** Waits for the end: the exit code, or the name of the signal that ended it. Rejects when it could not start. */
export function ended(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal ?? 1));
  });
}
