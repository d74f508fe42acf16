/** The simulator's memory on disk: one JSON file, replaced as a whole. Only its owner can read it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "./atomic-file";
import type { StoredPart } from "./cloud";
import type { MachineSpec } from "./machines/machine";

const stateVersion = 2;

/** What an earlier run left. */
export interface StoredState {
  version: typeof stateVersion;
  /** By name of the cloud. */
  clouds: Record<string, unknown>;
  /** Machines whose VM is gone and that were not yet terminated. */
  orphans: MachineSpec[];
}

/** What is to be on disk. */
export interface Snapshot {
  clouds: ReadonlyMap<string, StoredPart>;
  orphans: readonly MachineSpec[];
}

/** Thrown when a state directory cannot be used. */
export class StateDirectoryError extends Error {}

export class StateFile {
  private saving: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  private constructor(
    private readonly path: string,
    /** What an earlier run left; undefined: this is the first. */
    readonly found: StoredState | undefined,
  ) {}

  static async open(directory: string): Promise<StateFile> {
    const path = join(directory, "state.json");
    return new StateFile(path, await read(path));
  }

  /** Resolves when the state as of this call, or a later one, is on disk. Calls during a write share the next one. */
  save(snapshot: () => Snapshot): Promise<void> {
    if (!this.saving) {
      this.saving = this.write(snapshot()).finally(() => (this.saving = undefined));
      return this.saving;
    }
    this.next ??= this.saving
      .catch(() => undefined)
      .then(() => {
        this.next = undefined;
        return this.save(snapshot);
      });
    return this.next;
  }

  private async write({ clouds, orphans }: Snapshot): Promise<void> {
    const state: StoredState = {
      version: stateVersion,
      clouds: Object.fromEntries([...clouds].map(([name, { value }]) => [name, value])),
      // A machine needs its script to start, and an orphan will never start.
      orphans: orphans.map((spec) => ({ ...spec, startScript: "" })),
    };
    const text = JSON.stringify(state);
    for (const { files } of clouds.values()) await files?.add();
    await writeAtomically(this.path, text);
    for (const { files } of clouds.values()) await files?.prune();
  }
}

async function read(path: string): Promise<StoredState | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
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

function parse(path: string, text: string): StoredState {
  try {
    return JSON.parse(text) as StoredState;
  } catch {
    throw new StateDirectoryError(`${path} is not JSON; remove it or choose another --state-dir.`);
  }
}
