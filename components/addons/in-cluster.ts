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
  tolerationSeconds?: number;
}

export function tolerationOf({ key, value, effect }: Taint): Toleration {
  return value === undefined || value === ""
    ? { key, operator: "Exists", effect }
    : { key, operator: "Equal", value, effect };
}

/**
 * Of pods that move to another machine once theirs has gone silent: as Kubernetes has it where a pod says nothing of it. They stand first, because the
 * first that fits counts, and one without an effect, or a key, would keep the pod there for ever.
 */
export const leavesLostNodes: Toleration[] = ["not-ready", "unreachable"].map((state) => ({
  key: `node.kubernetes.io/${state}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 300,
}));

/** Of one pod that runs wherever there is room, whatever nodes are kept for. */
export const onEveryNode = [...leavesLostNodes, { operator: "Exists" }];

/** A node's taint for its GPUs is NVIDIA's usual one, whatever its value. */
export const usualGpuTaint: Toleration = { key: "nvidia.com/gpu", operator: "Exists" };

/** Of what runs on one group's nodes, GPUs or not: a node's taint is the usual one, or the group's own. */
export function onNodesWith(taints: readonly Taint[]): Toleration[] {
  const own = taints.filter(({ key }) => key !== "nvidia.com/gpu").map(tolerationOf);
  return [usualGpuTaint, ...own];
}

export const onControlGroups: Toleration = { key: "gpu-clusters/role", operator: "Exists" };

export const controlPlaneLabel = "node-role.kubernetes.io/control-plane";
/** `nodeSelector` of what belongs on the control plane. */
export const controlPlaneNodes = { [controlPlaneLabel]: "" };
export const onControlPlanes: Toleration = { key: controlPlaneLabel, operator: "Exists" };

/** Of what has a place in clusters whose every worker is kept for something else. */
export const onAnyNode: Toleration[] = [onControlPlanes, onControlGroups];
