/** Takes the pods off nodes whose machines a cloud is about to take back. */
import { setTimeout as delay } from "node:timers/promises";
import { KubernetesApiError, type KubernetesApi, type KubernetesObject } from "../../provider/kubernetes/api";
import { cordonedKey } from "./nodes";

/** What AWS leaves between its notice and the end; pods that a disruption budget holds are lost after that anyway. */
const drainMs = 110_000;
const retryMs = 2_000;

/** Cordons the node and evicts its pods, until they are gone or the machine is. No such node is success. */
export async function drain(api: KubernetesApi, nodeName: string, stop: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(drainMs)]);
  const node = { apiVersion: "v1", kind: "Node", name: nodeName };
  if ((await api.read(node, signal)) === undefined) return;
  const annotations = { [cordonedKey]: new Date().toISOString() };
  await api.patch(node, { metadata: { annotations }, spec: { unschedulable: true } }, signal);
  while (!signal.aborted) {
    const query = { apiVersion: "v1", kind: "Pod", fieldSelector: `spec.nodeName=${nodeName}` };
    const pods = (await api.list(query, signal)).filter(isMovable);
    if (pods.length === 0) return;
    const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    // At the same time, because a request that a budget forbids waits as long as the API server asks for.
    await Promise.all(
      staying.map(({ metadata: { namespace, name } }) =>
        api.evict({ namespace: namespace!, name: name! }, signal).catch(unlessForbidden),
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

/** A disruption budget lets the pod go later, and who did not answer may do so then. */
function unlessForbidden(error: unknown): void {
  if (error instanceof KubernetesApiError && error.statusCode !== 429) throw error;
}
