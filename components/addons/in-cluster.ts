import type { Taint } from "../../sdk/kubernetes/taint";
import type * as pulumi from "../../sdk/pulumi";
import type { KubernetesCluster } from "../cluster";

/** Options of what a component makes in a cluster that is ready: its pods are waited for. */
export function inCluster(cluster: KubernetesCluster, parent: pulumi.Resource) {
  const { kubeProvider: provider, status } = cluster;
  // Not the value, which is unknown while nodes come, but what it comes from.
  return { parent, provider, dependsOn: status.apply((): pulumi.Resource[] => []) };
}

/** A toleration of Kubernetes'. */
export interface Toleration {
  key: string;
  operator: "Exists" | "Equal";
  value?: string;
  effect?: string;
}

export function tolerationOf({ key, value, effect }: Taint): Toleration {
  return value === undefined || value === ""
    ? { key, operator: "Exists", effect }
    : { key, operator: "Equal", value, effect };
}

/** A node's taint for its GPUs is NVIDIA's usual one, whatever its value. */
export const usualGpuTaint: Toleration = { key: "nvidia.com/gpu", operator: "Exists" };

/** Of what runs on one group's nodes, GPUs or not: a node's taint is the usual one, or the group's own. */
export function onNodesWith(taints: readonly Taint[]): Toleration[] {
  const own = taints.filter(({ key }) => key !== "nvidia.com/gpu").map(tolerationOf);
  return [usualGpuTaint, ...own];
}

export const onControlGroups: Toleration = { key: "gpu-clusters/role", operator: "Exists" };

/** Of what has a place in clusters whose every worker is kept for something else. */
export const onAnyNode: Toleration[] = [
  { key: "node-role.kubernetes.io/control-plane", operator: "Exists" },
  onControlGroups,
];
