/**
 * On light control planes: reminds kwok of pods that it has left alone. It plays a pod when it sees it change, and of its own calls it repeats only those
 * that timed out or found nobody (kwok 0.8, `shouldRetry`): after any other error a pod stays as it is for ever.
 */
import { setTimeout as delay } from "node:timers/promises";
import { ignoring, type ApiConnection } from "../api-connection";

/** kwok takes milliseconds, on a busy computer seconds. */
const patienceMs = 10_000;
/** Any change does. */
const reminded = "gpu-clusters.simulator/reminded";

export interface Pod {
  metadata: {
    name: string;
    namespace: string;
    creationTimestamp: string;
    deletionTimestamp?: string;
    ownerReferences?: { kind: string }[];
  };
  spec: { nodeName?: string };
  status?: { phase?: string; conditions?: { type: string; lastTransitionTime?: string }[] };
}

export interface PodReminderOptions {
  api: Pick<ApiConnection, "request">;
  /** Whether the machine of this node is on: kwok leaves the pods of others as they are. */
  isPowered: (nodeName: string) => boolean;
  note: (message: string) => void;
}

export class PodReminder {
  constructor(private readonly options: PodReminderOptions) {}

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(patienceMs, undefined, { signal }).catch(() => undefined);
      // An API server that does not answer has no pods to be reminded of.
      if (!signal.aborted) await this.look(signal, Date.now()).catch(() => undefined);
    }
  }

  async look(signal: AbortSignal, now: number): Promise<void> {
    const { api, isPowered, note } = this.options;
    const { items } = await api.request<{ items: Pod[] }>("GET", "/api/v1/pods", signal);
    for (const { metadata } of items.filter((pod) => isOverlooked(pod, now) && isPowered(pod.spec.nodeName!))) {
      const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
      const change = { metadata: { annotations: { [reminded]: new Date(now).toISOString() } } };
      note(`kwok is reminded of pod ${metadata.namespace}/${metadata.name}, which it has left alone`);
      await api.request("PATCH", path, signal, change, "application/merge-patch+json").catch(ignoring(404));
    }
  }
}

/** Has a node, and neither starts there nor goes, nor ends as a Job's does at once. */
function isOverlooked({ metadata, spec, status }: Pod, now: number): boolean {
  if (spec.nodeName === undefined) return false;
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled")?.lastTransitionTime;
  const since = metadata.deletionTimestamp ?? scheduled ?? metadata.creationTimestamp;
  const ofJob = metadata.ownerReferences?.some(({ kind }) => kind === "Job") ?? false;
  const isWork = ofJob && status?.phase === "Running";
  const isDue = metadata.deletionTimestamp !== undefined || status?.phase === "Pending" || isWork;
  return isDue && now - Date.parse(since) > patienceMs;
}
