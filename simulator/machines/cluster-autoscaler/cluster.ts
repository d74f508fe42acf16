/** What the stand-in reads and writes in the cluster. */
import { setTimeout as delay } from "node:timers/promises";
import { parse } from "yaml";
import { KubernetesApiError, type KubernetesApi } from "../../../provider/kubernetes/api";
import { isOfNode, type Unneeded } from "./scale-down";
import type { Node, Pod } from "./scheduling";

export const leavingTaint = "ToBeDeletedByClusterAutoscaler";
const evictionRetryMs = 2_000;
const evictionsMs = 120_000;

export class ClusterView {
  constructor(
    private readonly api: KubernetesApi,
    private readonly namespace: string,
  ) {}

  async nodes(signal: AbortSignal): Promise<Node[]> {
    return (await this.api.list({ apiVersion: "v1", kind: "Node" }, signal)) as Node[];
  }

  /** Without those that have ended. */
  async pods(signal: AbortSignal): Promise<Pod[]> {
    const query = { apiVersion: "v1", kind: "Pod", fieldSelector: "status.phase!=Succeeded,status.phase!=Failed" };
    return (await this.api.list(query, signal)) as Pod[];
  }

  /** Pods that the scheduler found no node for. */
  async waiting(signal: AbortSignal): Promise<Pod[]> {
    const query = { apiVersion: "v1", kind: "Pod", fieldSelector: "spec.nodeName=,status.phase=Pending" };
    return ((await this.api.list(query, signal)) as Pod[]).filter(isWaiting);
  }

  /** Reference: cluster-autoscaler, expander/priority. None is no mistake. */
  async priorities(signal: AbortSignal): Promise<Record<string, string[]>> {
    const name = "cluster-autoscaler-priority-expander";
    const map = await this.api.read({ apiVersion: "v1", kind: "ConfigMap", namespace: this.namespace, name }, signal);
    const { priorities = "{}" } = (map?.["data"] ?? {}) as { priorities?: string };
    return parse(priorities) as Record<string, string[]>;
  }

  /** Nothing new comes to the node, and what may go goes. */
  async empty({ node, moving }: Unneeded, signal: AbortSignal): Promise<void> {
    const name = node.metadata.name!;
    const taints = [...(node.spec.taints ?? []), { key: leavingTaint, value: `${Date.now()}`, effect: "NoSchedule" }];
    await this.api.patch({ apiVersion: "v1", kind: "Node", name }, { spec: { taints } }, signal);
    const deadline = Date.now() + evictionsMs;
    for (let left = [...moving]; left.length > 0; left = await this.podsOn(name, signal)) {
      if (Date.now() > deadline) throw new Error(`pods stay on node ${name}`);
      for (const { metadata } of left)
        if (metadata.deletionTimestamp === undefined)
          await this.api.evict({ namespace: metadata.namespace!, name: metadata.name! }, signal).catch(unlessForbidden);
      await delay(evictionRetryMs, undefined, { signal });
    }
  }

  /** The node is not going after all. */
  async keep({ metadata, spec }: Node, signal: AbortSignal): Promise<void> {
    const taints = (spec.taints ?? []).filter(({ key }) => key !== leavingTaint);
    await this.api.patch({ apiVersion: "v1", kind: "Node", name: metadata.name! }, { spec: { taints } }, signal);
  }

  private async podsOn(nodeName: string, signal: AbortSignal): Promise<Pod[]> {
    const query = { apiVersion: "v1", kind: "Pod", fieldSelector: `spec.nodeName=${nodeName}` };
    return ((await this.api.list(query, signal)) as Pod[]).filter((pod) => !isOfNode(pod));
  }
}

function isWaiting({ metadata, status }: Pod): boolean {
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  return metadata.deletionTimestamp === undefined && scheduled?.reason === "Unschedulable";
}

function unlessForbidden(error: unknown): void {
  if (!(error instanceof KubernetesApiError) || error.statusCode !== 429) throw error;
}
