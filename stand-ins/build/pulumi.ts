import * as path from "node:path";
import { ensureToolsWithOrigin, type AnyToolName, type EnsureOptions, type FoundTool } from "../../toolchain/tools";
import { ensureLanguageHost } from "./language-host";

/** pulumi and other tools, as `ensureTools` finds them. A pulumi that had to be compiled came without a language host and gets ours. */
export async function ensurePulumi<Name extends AnyToolName>(
  others: readonly Name[] = [],
  options: EnsureOptions = {},
): Promise<Record<Name | "pulumi", string>> {
  const found = await ensurePulumiWithOrigin(others, options);
  return Object.fromEntries(Object.entries<FoundTool>(found).map(([name, { path }]) => [name, path])) as never;
}

/** Like `ensurePulumi`, and says of each tool where it came from. */
export async function ensurePulumiWithOrigin<Name extends AnyToolName>(
  others: readonly Name[] = [],
  options: EnsureOptions = {},
): Promise<Record<Name | "pulumi", FoundTool>> {
  const names = [...new Set<Name | "pulumi">(["pulumi", ...others])];
  const found = await ensureToolsWithOrigin(names, options);
  if (found.pulumi.origin === "compiled") await ensureLanguageHost(path.dirname(found.pulumi.path));
  return found;
}
