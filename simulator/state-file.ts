/** The simulator's memory on disk: one JSON file, replaced as a whole, and the start scripts. Only its owner can read it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "./atomic-file";
import type { CudoState } from "./cudo/model";
import type { MithrilState } from "./mithril/model";
import type { MachineSpec } from "./machines/machine";
import { StartScripts } from "./start-scripts";

export const stateVersion = 1;

export interface SimulatorState {
  version: typeof stateVersion;
  cudo: CudoState;
  /** Missing in what an earlier simulator wrote. */
  mithril?: MithrilState;
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
    private readonly path: string,
    private readonly scripts: StartScripts,
    /** The live state: whoever changes it calls `save`. */
    readonly state: SimulatorState,
  ) {}

  /** Reads what is there, or begins a new state. */
  static async open(directory: string, fresh: () => SimulatorState): Promise<StateFile> {
    const path = join(directory, "state.json");
    const state = (await read(path)) ?? fresh();
    const scripts = new StartScripts(directory);
    await scripts.load(Object.values(state.cudo.vms));
    return new StateFile(path, scripts, state);
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
    const { cudo, orphans } = this.state;
    const vms = Object.values(cudo.vms);
    const bare = Object.fromEntries(Object.entries(cudo.vms).map(([key, vm]) => [key, { ...vm, startScript: "" }]));
    // A machine needs its script to start, and an orphan will never start.
    const text = JSON.stringify({
      ...this.state,
      cudo: { ...cudo, vms: bare },
      orphans: orphans.map((spec) => ({ ...spec, startScript: "" })),
    });
    await this.scripts.add(vms);
    await writeAtomically(this.path, text);
    await this.scripts.prune(vms);
  }
}

async function read(path: string): Promise<SimulatorState | undefined> {
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

function parse(path: string, text: string): SimulatorState {
  try {
    return JSON.parse(text) as SimulatorState;
  } catch {
    throw new StateDirectoryError(`${path} is not JSON; remove it or choose another --state-dir.`);
  }
}
