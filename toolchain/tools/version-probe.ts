import { randomUUID } from "node:crypto";
import { promises as fs } from "node:fs";
import * as path from "node:path";
import { runCommand } from "./command";
import { findVersion } from "./version";

interface Probe {
  version: string | undefined;
}

/**
 * Asks executables for their versions and remembers the answers by path, size and time of change, because starting
 * seven tools costs more than the whole check may take.
 */
export class VersionProbes {
  private answers: Map<string, Probe> | undefined;

  constructor(private readonly file: string) {}

  /** The version that the executable prints, or undefined when it fails, prints none or takes over 30 s, as none does on a busy computer. */
  async versionOf(executable: string, versionArguments: string[], signal?: AbortSignal): Promise<string | undefined> {
    const { size, mtimeMs } = await fs.stat(executable);
    const key = [executable, size, mtimeMs, ...versionArguments].join("|");
    const answers = (this.answers ??= await this.load());
    const known = answers.get(key);
    if (known) return known.version;
    const result = await runCommand(executable, versionArguments, {
      reject: false,
      timeout: 30_000,
      cancelSignal: signal,
      stdin: "ignore",
      env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    signal?.throwIfAborted();
    const version = result.failed ? undefined : findVersion(`${result.stdout}\n${result.stderr}`);
    if (result.timedOut) return undefined;
    answers.set(key, { version });
    await this.store();
    return version;
  }

  private async load(): Promise<Map<string, Probe>> {
    try {
      return new Map(Object.entries(JSON.parse(await fs.readFile(this.file, "utf8")) as Record<string, Probe>));
    } catch {
      // Missing or damaged: the answers are asked for again.
      return new Map();
    }
  }

  private async store(): Promise<void> {
    await fs.mkdir(path.dirname(this.file), { recursive: true });
    // Probes run side by side, in several processes too.
    const temporary = `${this.file}.${randomUUID()}`;
    await fs.writeFile(temporary, JSON.stringify(Object.fromEntries(this.answers ?? [])));
    await fs.rename(temporary, this.file);
  }
}
