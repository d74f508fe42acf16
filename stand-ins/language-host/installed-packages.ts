import { readFileSync, statSync } from "node:fs";
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
function findProgramManifest(folder: string): { folder: string; manifest: Manifest } | undefined {
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
  const lookup = new PackageLookup();
  return names.flatMap((name) => lookup.resolve(name, program.folder) ?? []);
}

/**
 * All packages that the program can reach through dependencies. Follows package.json files as Node.js would find them
 * and does not list node_modules, which holds much that no program asked for.
 */
export function allDependencies(programFolder: string): InstalledPackage[] {
  const program = findProgramManifest(programFolder);
  if (!program) return [];
  const lookup = new PackageLookup();
  const reached = new Set<InstalledPackage>();
  const follow = (names: string[], from: string): void => {
    for (const name of names) {
      const found = lookup.resolve(name, from);
      if (!found || reached.has(found)) continue;
      reached.add(found);
      follow(dependencyNames(found.manifest, { development: false }), found.folder);
    }
  };
  follow(dependencyNames(program.manifest, { development: true }), program.folder);
  return [...reached];
}

function dependencyNames(manifest: Manifest, include: { development: boolean }): string[] {
  const groups = [manifest.dependencies, manifest.optionalDependencies, manifest.peerDependencies];
  if (include.development) groups.push(manifest.devDependencies);
  return [...new Set(groups.flatMap((group) => Object.keys(group ?? {})))];
}

/** Finds packages where Node.js looks for them, and reads each package.json once. */
class PackageLookup {
  private readonly packages = new Map<string, InstalledPackage | undefined>();
  private readonly moduleFolders = new Map<string, string[]>();

  resolve(name: string, from: string): InstalledPackage | undefined {
    for (const folder of this.moduleFoldersAbove(from)) {
      const found = this.read(name, path.join(folder, name));
      if (found) return found;
    }
    return undefined;
  }

  private read(name: string, folder: string): InstalledPackage | undefined {
    if (!this.packages.has(folder)) {
      const manifest = readManifest(folder);
      this.packages.set(folder, manifest && { name, folder, manifest });
    }
    return this.packages.get(folder);
  }

  /** The node_modules that exist in a folder and in those above it, nearest first. */
  private moduleFoldersAbove(folder: string): string[] {
    let folders = this.moduleFolders.get(folder);
    if (!folders) {
      const parent = path.dirname(folder);
      const above = parent === folder ? [] : this.moduleFoldersAbove(parent);
      const own = path.join(folder, "node_modules");
      const isModules = path.basename(folder) === "node_modules";
      folders = !isModules && statSync(own, { throwIfNoEntry: false }) ? [own, ...above] : above;
      this.moduleFolders.set(folder, folders);
    }
    return folders;
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
