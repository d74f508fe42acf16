import * as path from "node:path";
import { shellWord } from "../sdk/shell-word";
import type { ToolName } from "../toolchain/tools";
import { pulumiEnvironment } from "./pulumi";
import type { Simulator } from "./simulator-process";
import type { StackFiles } from "./workspace";

/** The variables with which plain `pulumi` and `kubectl` act on a stack of `npm start`. */
export function environmentOf(
  files: StackFiles,
  simulator: Simulator,
  tools: Partial<Record<ToolName, string>>,
  currentPath: string,
): Record<string, string> {
  const current = currentPath.split(path.delimiter).filter((folder) => folder !== "");
  const folders = Object.values(tools).map((tool) => path.dirname(tool));
  const ours = [...new Set(folders)].filter((folder) => !current.includes(folder));
  return {
    ...pulumiEnvironment(files, simulator),
    // The committed config has no salt of the passphrase: the one in the state is the right one.
    PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER: "true",
    KUBECONFIG: files.kubeconfig,
    PATH: [...ours, ...current].join(path.delimiter),
  };
}

/** Lines for a POSIX shell. What is empty is unset: AWS's own tools look for a profile without a name. */
export function exportLines(environment: Record<string, string>): string {
  return Object.entries(environment)
    .map(([name, value]) => (value === "" ? `unset ${name}\n` : `export ${name}=${shellWord(value)}\n`))
    .join("");
}
