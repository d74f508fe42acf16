import { catalogue } from "./catalogue";
import { compile, compileRecipe } from "./compile";
import { findOrInstall, type FoundTool } from "./ensure";
import { fetchByProxies } from "./fetch";
import { toolsDirectory } from "./paths";
import { reportToStderr, type Report } from "./report";
import { ToolCache } from "./tool-cache";
import { currentPlatform, type AnyToolName } from "./tool";

export { reportToStderr, lineReport, type Report } from "./report";
export {
  benchToolNames,
  nodeToolNames,
  operatorToolNames,
  serviceToolNames,
  testToolNames,
  toolNames,
} from "./catalogue";
export type {
  AnyToolName,
  BenchToolName,
  NodeToolName,
  OperatorToolName,
  ServiceToolName,
  TestToolName,
  ToolName,
} from "./tool";
export type { FoundTool } from "./ensure";

export interface EnsureOptions {
  /** Told what is being installed; the default writes lines to stderr. Silent when nothing is missing. */
  report?: Report;
  /** Told once when a publisher's host gives no answer, so that the caller need not try others. */
  onUnreachable?: () => void;
  /** Ends downloads and compilers. */
  signal?: AbortSignal;
}

/**
 * Finds the tools (on PATH where a fitting version is, else in the cache) and installs the missing ones: the official
 * download where its host answers within 3 s, else compiled from the pinned Go module.
 * @returns absolute path of each executable
 */
export async function ensureTools<Name extends AnyToolName>(
  names: readonly Name[],
  options: EnsureOptions = {},
): Promise<Record<Name, string>> {
  const found = await ensureToolsWithOrigin(names, options);
  return Object.fromEntries(names.map((name) => [name, found[name].path])) as Record<Name, string>;
}

/** Like `ensureTools`, and says of each tool where it came from. */
export async function ensureToolsWithOrigin<Name extends AnyToolName>(
  names: readonly Name[],
  options: EnsureOptions = {},
): Promise<Record<Name, FoundTool>> {
  const { signal } = options;
  const found = await findOrInstall(names, {
    cache: new ToolCache(toolsDirectory()),
    environment: process.env,
    platform: currentPlatform(),
    downloader: { fetch: fetchByProxies, answerTimeout: 3_000, stallTimeout: 30_000, signal },
    compile,
    compileRecipe,
    report: options.report ?? reportToStderr,
    onUnreachable: options.onUnreachable,
    signal,
  });
  return Object.fromEntries(names.map((name) => [name, found.get(name)])) as Record<Name, FoundTool>;
}

/** The version that is installed when none is found. */
export function pinnedVersion(name: AnyToolName): string {
  return catalogue[name].version;
}
