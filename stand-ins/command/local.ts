/** Scripts on this machine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Run, RunResult } from "./script";

const killAfterMs = 3_000;

export async function runLocally({ script, inputs, stdin, environment, previous, signal }: Run): Promise<RunResult> {
  const { interpreter, dir } = inputs as { interpreter?: string[]; dir?: string };
  const [program, ...args] = interpreter ?? ["/bin/sh", "-c"];
  const child = spawn(program!, [...args, script], {
    ...(dir !== undefined && { cwd: dir }),
    env: { ...process.env, ...previous, ...environment },
    // A group of its own, so that an interrupted script takes its children with it.
    detached: true,
  });
  const texts = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => (texts[stream] += text));
  }
  child.stdin.on("error", () => undefined).end(stdin ?? "");
  const end = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // It has ended by itself.
    }
  };
  let killing: NodeJS.Timeout | undefined;
  const stop = () => {
    end("SIGTERM");
    killing = setTimeout(() => end("SIGKILL"), killAfterMs);
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    const [exitCode] = (await once(child, "close")) as [number | null];
    return { ...texts, exitCode: exitCode ?? undefined };
  } finally {
    clearTimeout(killing);
    signal.removeEventListener("abort", stop);
  }
}
