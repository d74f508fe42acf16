/** The simulator's memory on disk: one JSON file, replaced as a whole. It holds keys and start scripts, so only its owner can read it. */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CudoState } from "./cudo/model";
import type { MachineSpec } from "./machines/machine";

export const stateVersion = 1;

export interface SimulatorState {
  version: typeof stateVersion;
  cudo: CudoState;
  apiKey: string;
  /** Machines whose VM is gone and that were not yet terminated. */
  orphans: MachineSpec[];
}

/** Thrown when a state directory cannot be used. */
export class StateDirectoryError extends Error {}

export class StateFile {
  private saving: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  private constructor(
    private readonly directory: string,
    private readonly snapshot: () => SimulatorState,
  ) {}

  /** Reads the file, or begins a new state. */
  static async load(directory: string, fresh: () => SimulatorState): Promise<SimulatorState> {
    const path = statePath(directory);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return fresh();
      throw error;
    }
    const state = parse(path, text);
    if (state.version !== stateVersion) {
      throw new StateDirectoryError(
        `${path} was written by another version of the simulator (state version ${state.version}); remove it or choose another --state-dir.`,
      );
    }
    return state;
  }

  /** `snapshot` is asked for the state at the time of each write. */
  static at(directory: string, snapshot: () => SimulatorState): StateFile {
    return new StateFile(directory, snapshot);
  }

  /** Resolves when the state as of this call, or a later one, is on disk. Calls during a write share the next one. */
  save(): Promise<void> {
    if (!this.saving) {
      this.saving = this.write().finally(() => (this.saving = undefined));
      return this.saving;
    }
    this.next ??= this.saving
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.save();
      });
    return this.next;
  }

  private async write(): Promise<void> {
    await writeAtomically(statePath(this.directory), JSON.stringify(this.snapshot()));
  }
}

/** Writes a file that only its owner can read; a reader sees the old contents or the new. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, path);
}

function statePath(directory: string): string {
  return join(directory, "state.json");
}

function parse(path: string, text: string): SimulatorState {
  try {
    return JSON.parse(text) as SimulatorState;
  } catch {
    throw new StateDirectoryError(`${path} is not JSON; remove it or choose another --state-dir.`);
  }
}
