/** File shares: directories of the simulator that machines have in common, until their cloud deletes them. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";

export class Shares {
  constructor(private readonly directory: string) {}

  /** Made where it is new. As a fresh file system, it belongs to root and others may read it. */
  directoryOf(id: string): string {
    const directory = join(this.directory, fileName(id));
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    return directory;
  }

  /** Erases all others. */
  async keep(ids: ReadonlySet<string>): Promise<void> {
    if (!existsSync(this.directory)) return;
    const kept = new Set([...ids].map(fileName));
    const gone = readdirSync(this.directory).filter((name) => !kept.has(name));
    await Promise.all(gone.map((name) => rm(join(this.directory, name), { recursive: true, force: true })));
  }
}

function fileName(id: string): string {
  return id.replaceAll("/", "~");
}
