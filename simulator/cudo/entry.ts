/** Cudo as one of the simulator's clouds. */
import type { SimulatedCloud, Surroundings } from "../cloud";
import { derived } from "../identifiers";
import { defaultTiming, type Timing } from "./timing";
import { CudoCloud } from "./cloud";
import { conditionsProblem, type Conditions } from "./conditions";
import { emptyCudo, firstProjectId, type CudoState } from "./model";
import { StartScripts } from "./start-scripts";

export interface CudoOptions {
  /** What differs from `defaultTiming`. */
  timing?: Partial<Timing>;
}

/** What a client of Cudo needs. */
export interface CudoAccess {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly projectId: string;
}

interface Stored {
  readonly apiKey: string;
  readonly state: CudoState;
}

export async function openCudo(surroundings: Surroundings, { timing }: CudoOptions) {
  const { seed, machines, firstAddress: addressCursor } = surroundings;
  const { apiKey, state } = (surroundings.stored as Stored | undefined) ?? fresh();
  const scripts = new StartScripts(surroundings.stateDir);
  await scripts.load(Object.values(state.vms));
  const cloud = new CudoCloud(state, { ...defaultTiming, ...timing }, machines !== undefined, () =>
    surroundings.room(),
  );
  const access = (url: string): CudoAccess => ({ baseUrl: `${url}/cudo`, apiKey, projectId: firstProjectId });

  function fresh(): Stored {
    const apiKey = derived(seed, "api-key");
    return { apiKey, state: emptyCudo({ seed, apiKey, addressCursor, now: Date.now() }) };
  }

  return {
    api: cloud,
    conditions: {
      current: () => cloud.conditions,
      set: (conditions: Conditions) => void (cloud.conditions = conditions),
      problem: conditionsProblem,
    },
    access,
    shellLines: (url) => {
      const { baseUrl } = access(url);
      return [
        `export CUDO_API_KEY=${apiKey}`,
        `export CUDO_PROJECT_ID=${firstProjectId}`,
        `export CUDO_BASE_URL=${baseUrl}`,
      ];
    },
    machines: () => cloud.machines(),
    places: () => cloud.places(),
    refused: (uid, problem) => cloud.refused(uid, problem),
    contents: async () => cloud.summary(Date.now()),
    stored() {
      const vms = Object.values(state.vms);
      const bare = Object.fromEntries(Object.entries(state.vms).map(([key, vm]) => [key, { ...vm, startScript: "" }]));
      const value: Stored = { apiKey, state: { ...state, vms: bare } };
      return { value, files: { add: () => scripts.add(vms), prune: () => scripts.prune(vms) } };
    },
    reset: async () => cloud.reset(),
    close: async () => undefined,
  } satisfies SimulatedCloud<CudoAccess, Conditions>;
}
