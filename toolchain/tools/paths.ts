import { constants, promises as fs } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";

/** Folder of what we download or compile: `$XDG_CACHE_HOME/gpu-clusters/tools`, by default below `~/.cache`. */
export function toolsDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const configured = environment.XDG_CACHE_HOME;
  // The XDG specification says that relative paths are to be ignored.
  const cache = configured && path.isAbsolute(configured) ? configured : path.join(homedir(), ".cache");
  return path.join(cache, "gpu-clusters", "tools");
}

/** Folder of the Go modules that pin what is compiled. */
export const modulesDirectory = path.join(__dirname, "..", "modules");

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await fs.access(file, constants.X_OK);
    return (await fs.stat(file)).isFile();
  } catch {
    return false;
  }
}

/** Every executable of this name in the folders of PATH, in PATH's order, each file once even where folders are links. */
export async function findOnPath(name: string, environment: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const found = new Map<string, string>();
  for (const folder of (environment.PATH ?? "").split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name);
    if (!(await isExecutable(file))) continue;
    const real = await fs.realpath(file);
    if (!found.has(real)) found.set(real, file);
  }
  return [...found.values()];
}
