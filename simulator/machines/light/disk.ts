/** A light machine's disk: one directory that lives until the machine is terminated. */
import { appendFileSync, mkdirSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

export class Disk {
  constructor(readonly directory: string) {}

  get logs(): string {
    return join(this.directory, "logs");
  }

  get run(): string {
    return join(this.directory, "run");
  }

  /** A path on the disk, such as `etcd/data`. */
  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  prepare(): void {
    for (const directory of [this.directory, this.logs, this.run])
      mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /** Appends to the machine's console. */
  note(message: string): void {
    this.prepare();
    appendFileSync(join(this.logs, "console.log"), `${new Date().toISOString()} ${message}\n`, { mode: 0o600 });
  }

  async console(): Promise<string> {
    return readFile(join(this.logs, "console.log"), "utf8").catch(() => "");
  }

  async erase(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
