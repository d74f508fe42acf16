/** Tags by which everything that this package makes is found again. Apart from the SDK, for programs import it. */

export const tagKeys = {
  /** Name of the cluster. */
  cluster: "gpu-clusters/cluster",
  nodeGroup: "gpu-clusters/node-group",
  /** Which resource of which stack made it. */
  owner: "gpu-clusters/owner",
  /** Bounds of a fleet's size: what EC2 does not keep. */
  minSize: "gpu-clusters/min-size",
  maxSize: "gpu-clusters/max-size",
  /** Of a fleet that only marks its group: what the machines are launched into, `reservation:cr-0123456789abcdef0`. */
  reserved: "gpu-clusters/reserved",
  /** On an instance that is about to be terminated: the fleet's target without it. */
  removing: "gpu-clusters/removing",
} as const;

export interface GroupName {
  readonly clusterName: string;
  readonly nodeGroup: string;
}

/** What every instance and fleet of a group carries. Instances get it from the launch template. */
export function groupTags({ clusterName, nodeGroup }: GroupName): Record<string, string> {
  return { [tagKeys.cluster]: clusterName, [tagKeys.nodeGroup]: nodeGroup };
}

/** What Kubernetes' controllers for AWS find their cluster's things by, and mark with `owned` what they make. */
export function kubernetesClusterTag(clusterName: string): string {
  return `kubernetes.io/cluster/${clusterName}`;
}
