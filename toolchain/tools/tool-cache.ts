import { randomUUID } from "node:crypto";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { isAlive } from "./lock";
import { isExecutable } from "./paths";

/** Says what a cached folder was made from; another recipe means that it must be made again. */
export interface Stamp {
  /** Hash of everything that decides the content: versions, checksums, go.sum, linker flags. */
  recipe: string;
  source: "downloaded" | "compiled";
}

const stampFile = "stamp.json";

/** Tools that we installed: `<folder>/<tool>/<version>/<tool>` with a stamp beside it. */
export class ToolCache {
  constructor(readonly folder: string) {}

  directoryOf(name: string, version: string): string {
    return path.join(this.folder, name, version);
  }

  /** The stamp of an installed tool when its executable is there and was made by one of the recipes. */
  async find(name: string, version: string, recipes: string[]): Promise<Stamp | undefined> {
    const directory = this.directoryOf(name, version);
    try {
      const stamp = JSON.parse(await fs.readFile(path.join(directory, stampFile), "utf8")) as Stamp;
      return recipes.includes(stamp.recipe) && (await isExecutable(path.join(directory, name))) ? stamp : undefined;
    } catch {
      // Missing or damaged: it is installed again.
      return undefined;
    }
  }

  /**
   * Lets `fill` write the files into an empty folder, then puts that folder in place at once: a reader sees the old
   * files or the new ones, and a failure or a kill leaves the old ones. The folder must then hold an executable `name`.
   */
  async install(name: string, version: string, stamp: Stamp, fill: (folder: string) => Promise<void>): Promise<void> {
    await this.withScratch(async (scratch) => {
      const fresh = path.join(scratch, "fresh");
      await fs.mkdir(fresh);
      await fill(fresh);
      if (!(await isExecutable(path.join(fresh, name)))) {
        throw new Error(`${name} ${version} was installed without an executable called ${name}`);
      }
      await fs.writeFile(path.join(fresh, stampFile), JSON.stringify(stamp));
      const target = this.directoryOf(name, version);
      await fs.mkdir(path.dirname(target), { recursive: true });
      await fs.rename(target, path.join(scratch, "old")).catch(ignoreMissing);
      await fs.rename(fresh, target);
    });
  }

  /** Deletes what killed processes left behind: others may be at work on tools that have a lock of their own. */
  async clearScratch(): Promise<void> {
    const folder = path.join(this.folder, ".scratch");
    await fs.mkdir(folder, { recursive: true });
    for (const name of await fs.readdir(folder))
      if (!isAlive(Number.parseInt(name, 10))) await fs.rm(path.join(folder, name), { recursive: true, force: true });
  }

  /** A folder on the cache's own file system (so that renames are atomic) that is deleted afterwards. */
  async withScratch<T>(use: (folder: string) => Promise<T>): Promise<T> {
    const scratch = path.join(this.folder, ".scratch", `${process.pid}-${randomUUID()}`);
    await fs.mkdir(scratch, { recursive: true });
    try {
      return await use(scratch);
    } finally {
      await fs.rm(scratch, { recursive: true, force: true });
    }
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
