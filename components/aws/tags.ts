/** Tags of everything that a cluster makes. */
import * as pulumi from "../../sdk/pulumi";
import { kubernetesClusterTag } from "../../sdk/aws/tag-keys";
import { shortened } from "../../sdk/names";

export type Tags = pulumi.Input<Record<string, pulumi.Input<string>>>;

/** Both; where a key is in both, the second counts. */
export function withTags(tags: Tags, more: Tags): pulumi.Output<Record<string, string>> {
  return pulumi.all([tags, more]).apply(([first, second]) => ({ ...first, ...second }));
}

/** Under this prefix, a cluster has the names and tags of the create-cluster request (seed 004, "AWS resources created"). */
export const requestPrefix = "vantage-";

/** Name of the cluster. */
export const clusterTag = "gpu-clusters/cluster";

/** Longest key of a tag. */
const longestKey = 128;

/** The cluster's name in the tags of Kubernetes' controllers for AWS. */
export function kubernetesName(base: string): string {
  return shortened(base, longestKey - kubernetesClusterTag("").length);
}

/**
 * What AWS's cloud controller manager finds its cluster's things by, with the value `owned`: machines, subnets, and of each machine's security
 * groups exactly one.
 */
export function kubernetesTags(base: string): Record<string, "owned"> {
  return { [kubernetesClusterTag(kubernetesName(base))]: "owned" };
}

/** The stack that made it: project and name. */
export const stackTag = "gpu-clusters/stack";

export interface TagOptions {
  clusterName: string;
  namePrefix: string | undefined;
  tags: Tags | undefined;
  stack: string;
}

/** The caller's tags never hide the mark by which the cluster's things are found again. */
export function clusterTags({
  clusterName,
  namePrefix,
  tags,
  stack,
}: TagOptions): pulumi.Output<Record<string, string>> {
  return withTags(tags ?? {}, {
    ...(namePrefix === requestPrefix && { "vantage-cluster": clusterName }),
    [clusterTag]: clusterName,
    [stackTag]: stack,
  });
}
