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

/** Of what has a place in clusters whose every worker is kept for something else. */
export const onAnyNode: Toleration[] = [
  { key: "node-role.kubernetes.io/control-plane", operator: "Exists" },
  { key: "gpu-clusters/role", operator: "Exists" },
];
