import { runCommand } from "../toolchain/tools/command";
import type { Pulumi } from "./pulumi";
import { root, type StackFiles } from "./workspace";

export interface Outputs {
  /** With `"[secret]"` in place of each secret. */
  masked: Record<string, unknown>;
  plain: Record<string, unknown>;
}

/** @param program the folder of the stack's Pulumi.yaml */
export async function readOutputs(
  pulumi: Pulumi,
  files: StackFiles,
  signal: AbortSignal,
  program = root,
): Promise<Outputs> {
  const read = async (extra: string[]): Promise<Record<string, unknown>> => {
    const { stdout } = await runCommand(
      pulumi.executable,
      ["stack", "output", "--json", "--stack", files.stack, "--non-interactive", ...extra],
      { cwd: program, env: pulumi.environment, cancelSignal: signal },
    );
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const [masked, plain] = await Promise.all([read([]), read(["--show-secrets"])]);
  return { masked, plain };
}

/** One line per output, names aligned; values that are not text as JSON. */
export function formatOutputs(outputs: Record<string, unknown>): string {
  const width = Math.max(0, ...Object.keys(outputs).map((name) => name.length));
  return Object.entries(outputs)
    .map(
      ([name, value]) =>
        `  ${name.padEnd(width)}  ${typeof value === "string" ? value.trimEnd() : JSON.stringify(value)}`,
    )
    .join("\n");
}
