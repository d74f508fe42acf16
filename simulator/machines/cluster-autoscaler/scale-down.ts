/** Which nodes nobody needs. Pure. */
import type { Flags } from "./flags";
import { place, quantities, requestsOf, roomOn, type Node, type Pod } from "./scheduling";

/** Nodes of groups count by their GPUs where they have some, and else by what is taken most. */
const gpus = ["nvidia.com/gpu", "amd.com/gpu"];
const safeToEvict = "cluster-autoscaler.kubernetes.io/safe-to-evict";

export interface Candidate {
  readonly node: Node;
  readonly pods: readonly Pod[];
}

export type ScaleDownRules = Pick<Flags, "utilizationThreshold" | "keepsSystemPods">;

export interface Unneeded extends Candidate {
  /** Pods that have to go elsewhere first. */
  readonly moving: readonly Pod[];
}

/** Those that are little used, and whose pods may move and have somewhere to go among the others. */
export function unneeded(
  candidates: readonly Candidate[],
  others: readonly Candidate[],
  { utilizationThreshold, keepsSystemPods }: ScaleDownRules,
): Unneeded[] {
  return candidates
    .filter(({ node, pods }) => utilization(node, pods) < utilizationThreshold)
    .filter(
      ({ node }) => node.metadata.annotations?.["cluster-autoscaler.kubernetes.io/scale-down-disabled"] !== "true",
    )
    .flatMap((candidate) => {
      // Nothing to find room for, on many nodes.
      if (candidate.pods.every(isOfNode)) return [{ ...candidate, moving: [] }];
      const staying = others.filter(({ node }) => node.metadata.name !== candidate.node.metadata.name);
      const moving = candidate.pods.filter((pod) => !isOfNode(pod));
      if (moving.some((pod) => !mayMove(pod, keepsSystemPods))) return [];
      return place(
        moving,
        staying.map(({ node, pods }) => roomOn(node, pods)),
      ).length === 0
        ? [{ ...candidate, moving }]
        : [];
    });
}

function utilization({ status }: Node, pods: readonly Pod[]): number {
  const allocatable = quantities(status.allocatable);
  const share = (resource: string) =>
    pods.reduce((sum, pod) => sum + (requestsOf(pod)[resource] ?? 0), 0) / allocatable[resource]!;
  const devices = gpus.filter((name) => (allocatable[name] ?? 0) > 0);
  return Math.max(...(devices.length > 0 ? devices : ["cpu", "memory"]).map(share));
}

/** Would come back, or is there with its node only. */
export function isOfNode({ metadata }: Pod): boolean {
  const owners = (metadata["ownerReferences"] ?? []) as { kind: string }[];
  return owners.some(({ kind }) => kind === "DaemonSet" || kind === "Node");
}

/** Reference: cluster-autoscaler's FAQ, "What types of pods can prevent CA from removing a node?". Disruption budgets hold at the eviction. */
function mayMove({ metadata, spec }: Pod, keepsSystemPods: boolean): boolean {
  const said = metadata.annotations?.[safeToEvict];
  if (said !== undefined) return said === "true";
  const isReplaced = ((metadata["ownerReferences"] ?? []) as { controller?: boolean }[]).some(
    ({ controller }) => controller,
  );
  const keepsData = spec.volumes?.some(({ emptyDir, hostPath }) => emptyDir !== undefined || hostPath !== undefined);
  return isReplaced && !keepsData && !(keepsSystemPods && metadata.namespace === "kube-system");
}
