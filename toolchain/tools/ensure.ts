import { createHash } from "node:crypto";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import {
  benchToolNames,
  catalogue,
  nodeToolNames,
  operatorToolNames,
  pluginToolNames,
  serviceToolNames,
  testToolNames,
  toolNames,
} from "./catalogue";
import { compile, compileRecipe, filesOf } from "./compile";
import { ChecksumMismatchError, download, UnreachableError, type Downloader } from "./download";
import { withLock } from "./lock";
import { findOnPath, isExecutable } from "./paths";
import type { Report } from "./report";
import { ToolCache } from "./tool-cache";
import type { AnyToolName, Download, Platform, Tool } from "./tool";
import { isAccepted } from "./version";
import { VersionProbes } from "./version-probe";

/** Where a tool was found or how it was made. */
export interface FoundTool {
  /** Absolute path of the executable. */
  path: string;
  origin: "PATH" | "downloaded" | "compiled";
}

type Installed = Map<AnyToolName, FoundTool>;

/** Everything outside that finding and installing tools depends on; tests replace the parts. */
export interface Workshop {
  cache: ToolCache;
  environment: NodeJS.ProcessEnv;
  platform: Platform;
  downloader: Downloader;
  compile: typeof compile;
  compileRecipe: typeof compileRecipe;
  report: Report;
  /** Told once when a publisher's host gives no answer. */
  onUnreachable?: () => void;
  signal?: AbortSignal;
}

/** Finds each tool on PATH or in the cache, and downloads or compiles the missing ones, one after the other. */
export async function findOrInstall(names: readonly AnyToolName[], workshop: Workshop): Promise<Installed> {
  const known = [
    ...toolNames,
    ...nodeToolNames,
    ...testToolNames,
    ...benchToolNames,
    ...pluginToolNames,
    ...operatorToolNames,
    ...serviceToolNames,
  ];
  const wanted = known.filter((name) => names.includes(name)).map((name) => catalogue[name]);
  const found: Installed = new Map();
  const probes = new VersionProbes(path.join(workshop.cache.folder, "versions.json"));
  await Promise.all(
    wanted.map(async (tool) => {
      const tried = (await onPath(tool, probes, workshop)) ?? (await inCache(tool, workshop));
      if (tried) found.set(tool.name, tried);
    }),
  );
  const missing = wanted.filter((tool) => !found.has(tool.name));
  if (missing.length === 0) return found;

  const locks = path.join(workshop.cache.folder, ".locks", "install");
  const installed = await withLock(locks, () => installAll(missing, workshop), {
    signal: workshop.signal,
    // Who holds the lock may have made these, and be at others.
    meanwhile: () => allInCache(missing, workshop),
    onWait: (pid) => workshop.report("tools", `waiting for process ${pid}, which installs tools`),
  });
  return new Map([...found, ...installed]);
}

async function allInCache(tools: readonly Tool[], workshop: Workshop): Promise<Installed | undefined> {
  const found: Installed = new Map();
  for (const tool of tools) {
    const cached = await inCache(tool, workshop);
    if (!cached) return undefined;
    found.set(tool.name, cached);
  }
  return found;
}

async function installAll(missing: readonly Tool[], workshop: Workshop): Promise<Installed> {
  const found: Installed = new Map();
  await workshop.cache.clearScratch();
  const toCompile: Tool[] = [];
  let reachable = true;
  for (const tool of missing) {
    // Another process may have installed it while we waited for the lock.
    const cached = await inCache(tool, workshop);
    if (cached) {
      found.set(tool.name, cached);
      continue;
    }
    const source = tool.download(workshop.platform);
    if (reachable && source) {
      const outcome = await tryDownload(tool, source, workshop);
      if (outcome === "installed") {
        found.set(tool.name, { path: pathInCache(tool, workshop), origin: "downloaded" });
        continue;
      }
      reachable = outcome !== "unreachable";
      if (!reachable) workshop.onUnreachable?.();
    }
    toCompile.push(tool);
  }
  for (const module of new Set(toCompile.map((tool) => tool.module))) {
    const tools = toCompile.filter((tool) => tool.module === module);
    await compileModule(tools, workshop);
    for (const tool of tools) found.set(tool.name, { path: pathInCache(tool, workshop), origin: "compiled" });
  }
  return found;
}

async function onPath(tool: Tool, probes: VersionProbes, workshop: Workshop): Promise<FoundTool | undefined> {
  for (const candidate of await findOnPath(tool.name, workshop.environment)) {
    if (!(await hasCompanions(tool, candidate, workshop))) continue;
    const version = await probes.versionOf(candidate, tool.versionArguments, workshop.signal);
    if (version && isAccepted(version, tool.accepts)) return { path: candidate, origin: "PATH" };
  }
  return undefined;
}

async function hasCompanions(tool: Tool, candidate: string, workshop: Workshop): Promise<boolean> {
  for (const companion of tool.companions) {
    const beside = path.join(path.dirname(candidate), companion);
    if (await isExecutable(beside)) continue;
    if ((await findOnPath(companion, workshop.environment)).length === 0) return false;
  }
  return true;
}

async function inCache(tool: Tool, workshop: Workshop): Promise<FoundTool | undefined> {
  const source = tool.download(workshop.platform);
  const recipes = [await workshop.compileRecipe(tool, workshop.platform), ...(source ? [downloadRecipe(source)] : [])];
  const stamp = await workshop.cache.find(tool.name, tool.version, recipes);
  return stamp && { path: pathInCache(tool, workshop), origin: stamp.source };
}

function pathInCache(tool: Tool, workshop: Workshop): string {
  return path.join(workshop.cache.directoryOf(tool.name, tool.version), tool.name);
}

function downloadRecipe(source: Download): string {
  return createHash("sha256").update(JSON.stringify(source)).digest("hex");
}

async function tryDownload(
  tool: Tool,
  source: Download,
  workshop: Workshop,
): Promise<"installed" | "unreachable" | "failed"> {
  const subject = `${tool.name} ${tool.version}`;
  const host = new URL(source.url).host;
  workshop.report(subject, `downloading from ${host}`);
  try {
    const stamp = { recipe: downloadRecipe(source), source: "downloaded" as const };
    await workshop.cache.withScratch((scratch) =>
      workshop.cache.install(tool.name, tool.version, stamp, (folder) =>
        download(source, tool.name, folder, scratch, workshop.downloader, (text) =>
          workshop.report(subject, `downloading, ${text}`),
        ),
      ),
    );
    workshop.report(subject, "installed");
    return "installed";
  } catch (error) {
    workshop.signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    const refused = error instanceof ChecksumMismatchError ? "REFUSED the download: " : "not downloaded: ";
    workshop.report(subject, `${refused}${reason}`);
    return error instanceof UnreachableError ? "unreachable" : "failed";
  }
}

async function compileModule(tools: Tool[], workshop: Workshop): Promise<void> {
  const subject = `${tools.map((tool) => tool.name).join(", ")} ${tools[0]?.version ?? ""}`;
  workshop.report(subject, "compiling from its Go module");
  await workshop.cache.withScratch(async (scratch) => {
    await workshop.compile(tools, scratch, (text) => workshop.report(subject, text), workshop.signal);
    for (const tool of tools) {
      const recipe = await workshop.compileRecipe(tool, workshop.platform);
      await workshop.cache.install(tool.name, tool.version, { recipe, source: "compiled" }, async (folder) => {
        await fs.rename(path.join(scratch, tool.name), path.join(folder, tool.name));
        if (tool.moduleFolders) await fs.rename(filesOf(tool, scratch), path.join(folder, "files"));
      });
    }
  });
  workshop.report(subject, "installed");
}
