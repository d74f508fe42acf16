/** Mithril as one of the simulator's clouds. */
import type { SimulatedCloud, Surroundings } from "../cloud";
import { MithrilCloud } from "./cloud";
import { conditionsProblem, type MithrilConditions } from "./conditions";
import { HostedClusters } from "./hosted-clusters";
import { emptyMithril, firstMithrilProject, type MithrilState } from "./model";
import { defaultMithrilTiming, scaledMithril } from "./timing";

export interface MithrilOptions {
  /** Port of the SSH servers of control planes, each at its cluster's address. Default: 2222. */
  sshPort?: number;
  /** Multiplies all delays. */
  timing?: { scale?: number };
}

/** What a client of Mithril needs. */
export interface MithrilAccess {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly projectId: string;
  /** Of the control planes. */
  readonly sshPort: number;
}

export async function openMithril(surroundings: Surroundings, { sshPort = 2222, timing }: MithrilOptions) {
  const { seed, machines, firstAddress: addressCursor, log } = surroundings;
  const state =
    (surroundings.stored as MithrilState | undefined) ?? emptyMithril({ seed, addressCursor, now: Date.now() });
  const delays = scaledMithril(defaultMithrilTiming, timing?.scale ?? 1);
  const cloud = new MithrilCloud(state, delays, machines !== undefined, () => surroundings.room());
  const hosted = new HostedClusters({
    state,
    sshPort,
    changed: () => surroundings.changed(),
    log: (message) => log.info({ message }, "mithril"),
  });
  const access = (url: string): MithrilAccess => ({
    baseUrl: `${url}/mithril`,
    apiKey: state.apiKey,
    projectId: firstMithrilProject,
    sshPort,
  });

  return {
    api: cloud,
    conditions: {
      current: () => cloud.conditions,
      set: (conditions: MithrilConditions) => void (cloud.conditions = conditions),
      problem: conditionsProblem,
    },
    access,
    shellLines: (url) => {
      const { apiKey, projectId, baseUrl } = access(url);
      return [
        `export MITHRIL_API_KEY=${apiKey}`,
        `export MITHRIL_PROJECT=${projectId}`,
        `export MITHRIL_API_URL=${baseUrl}`,
      ];
    },
    machines: () => cloud.machines(),
    places: () => cloud.places(),
    // A bid that wins gets machines again: nothing more is known about one that cannot be on.
    refused: () => undefined,
    shares: () => cloud.shares(),
    follow() {
      if (machines) hosted.reconcile();
    },
    contents: async () => cloud.summary(Date.now()),
    stored: () => ({ value: state }),
    reset: async () => cloud.reset(),
    close: () => hosted.close(),
  } satisfies SimulatedCloud<MithrilAccess, MithrilConditions>;
}
