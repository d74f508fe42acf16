/** Takes the pods off nodes whose machines a cloud is about to take back. */
import { setTimeout as delay } from "node:timers/promises";
import { KubernetesApiError, type KubernetesApi, type KubernetesObject } from "../../provider/kubernetes/api";
import { cordonedKey } from "./nodes";

/** The longest that a notice leaves before the end (what EC2 has planned; Mithril's five minutes); pods that are held are lost after that anyway. */
const drainMs = 600_000;
const retryMs = 2_000;

export interface DrainOptions {
  readonly api: KubernetesApi;
  /** Name of the node. */
  readonly node: string;
  /** There is no notice any more, or nobody who asks. */
  readonly stop: AbortSignal;
  /** The API server does not evict a pod, and no disruption budget says so. At each of its answers; the pod is asked for again. */
  refused(pod: KubernetesObject, refusal: EvictionRefusal): void;
}

export interface EvictionRefusal {
  readonly statusCode: number;
  readonly reason: string;
}

/** Cordons the node and evicts its pods, until they are gone or the machine is. No such node is success. */
export async function drain(options: DrainOptions): Promise<void> {
  const signal = AbortSignal.any([options.stop, AbortSignal.timeout(drainMs)]);
  try {
    await evictAll(options, signal);
  } catch (error) {
    // What was under way when time was up has not failed.
    if (!signal.aborted) throw error;
  }
}

async function evictAll({ api, node: nodeName, refused }: DrainOptions, signal: AbortSignal): Promise<void> {
  const node = { apiVersion: "v1", kind: "Node", name: nodeName };
  const found = await api.read(node, signal);
  if (found === undefined) return;
  // Whoever has cordoned it, the machine itself or a person, opens it again.
  if ((found["spec"] as { unschedulable?: boolean } | undefined)?.unschedulable !== true) {
    const annotations = { [cordonedKey]: new Date().toISOString() };
    await api.patch(node, { metadata: { annotations }, spec: { unschedulable: true } }, signal);
  }
  while (!signal.aborted) {
    const query = { apiVersion: "v1", kind: "Pod", fieldSelector: `spec.nodeName=${nodeName}` };
    const pods = (await api.list(query, signal)).filter(isMovable);
    if (pods.length === 0) return;
    const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    // At the same time, because a request that a budget forbids waits as long as the API server asks for.
    await Promise.all(
      staying.map((pod) =>
        api.evict({ namespace: pod.metadata.namespace!, name: pod.metadata.name! }, signal).catch((error: unknown) => {
          const refusal = refusalOf(error);
          if (refusal !== undefined) refused(pod, refusal);
        }),
      ),
    );
    await delay(retryMs, undefined, { signal }).catch(() => undefined);
  }
}

/** For a machine that stays after all, or is back. */
export async function uncordon(api: KubernetesApi, name: string, signal: AbortSignal): Promise<void> {
  const patch = { metadata: { annotations: { [cordonedKey]: null } }, spec: { unschedulable: null } };
  await api.patch({ apiVersion: "v1", kind: "Node", name }, patch, signal);
}

/** Not those of the node itself, which would come back, nor those that have ended. */
function isMovable({ metadata, status }: KubernetesObject): boolean {
  const owners = (metadata["ownerReferences"] ?? []) as { kind: string }[];
  const { phase } = (status ?? {}) as { phase?: string };
  const ofNode = owners.some(({ kind }) => kind === "DaemonSet" || kind === "Node");
  return !ofNode && phase !== "Succeeded" && phase !== "Failed";
}

/**
 * Whatever the answer, it is one pod's: its namespace may be on its way out, a webhook may deny it. A disruption budget lets the pod go later, and
 * who did not answer may do so then. That two budgets select it, the API server says as an error of its own, with status 500.
 */
function refusalOf(error: unknown): EvictionRefusal | undefined {
  if (!(error instanceof KubernetesApiError) || error.statusCode === 429) return undefined;
  const { statusCode, message } = error;
  return { statusCode, reason: message.includes("more than one PodDisruptionBudget") ? twoBudgets : message };
}

const twoBudgets =
  "more than one PodDisruptionBudget selects it, and Kubernetes evicts no such pod: leave one of them to it";
