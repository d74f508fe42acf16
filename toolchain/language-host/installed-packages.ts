import { readFileSync } from "node:fs";
import * as path from "node:path";

/** The fields of package.json that are used here. */
export interface Manifest {
  name?: string;
  version?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  pulumi?: PulumiStanza;
}

/** What a package says about the provider plugin that it needs. */
export interface PulumiStanza {
  resource?: boolean;
  name?: string;
  version?: string;
  server?: string;
  parameterization?: { name: string; version: string; value: string };
}

export interface InstalledPackage {
  name: string;
  folder: string;
  manifest: Manifest;
}

/** The nearest package.json at or above a folder: the program's own. */
export function findProgramManifest(folder: string): { folder: string; manifest: Manifest } | undefined {
  for (let current = folder; ; current = path.dirname(current)) {
    const manifest = readManifest(current);
    if (manifest) return { folder: current, manifest };
    if (path.dirname(current) === current) return undefined;
  }
}

/** The program's direct dependencies that are installed, in the order of its package.json. */
export function directDependencies(programFolder: string): InstalledPackage[] {
  const program = findProgramManifest(programFolder);
  if (!program) return [];
  const names = dependencyNames(program.manifest, { development: true });
  return names.flatMap((name) => resolvePackage(name, program.folder) ?? []);
}

/**
 * All packages that the program can reach through dependencies. Follows package.json files as Node.js would find them
 * and does not list node_modules, which holds much that no program asked for.
 */
export function allDependencies(programFolder: string): InstalledPackage[] {
  const reached = new Map<string, InstalledPackage>();
  const queue = directDependencies(programFolder);
  for (let next = queue.pop(); next; next = queue.pop()) {
    if (reached.has(next.folder)) continue;
    reached.set(next.folder, next);
    for (const name of dependencyNames(next.manifest, { development: false })) {
      const found = resolvePackage(name, next.folder, reached);
      if (found && !reached.has(found.folder)) queue.push(found);
    }
  }
  return [...reached.values()];
}

function dependencyNames(manifest: Manifest, include: { development: boolean }): string[] {
  const groups = [manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies];
  if (include.development) groups.push(manifest.devDependencies);
  return [...new Set(groups.flatMap((group) => Object.keys(group ?? {})))];
}

/** Looks where Node.js looks: in the node_modules of the folder and of each folder above it. */
function resolvePackage(
  name: string,
  from: string,
  known: ReadonlyMap<string, InstalledPackage> = new Map(),
): InstalledPackage | undefined {
  for (let current = from; ; current = path.dirname(current)) {
    if (path.basename(current) !== "node_modules") {
      const folder = path.join(current, "node_modules", name);
      const seen = known.get(folder);
      if (seen) return seen;
      const manifest = readManifest(folder);
      if (manifest) return { name, folder, manifest };
    }
    if (path.dirname(current) === current) return undefined;
  }
}

function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new Error(`${path.join(folder, "package.json")}: ${(error as Error).message}`, { cause: error });
  }
}
