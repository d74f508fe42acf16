/** Which things in a VPC a cluster's controllers made for its Services. Pure. */
import { kubernetesClusterTag, tagKeys } from "../../../sdk/aws/tag-keys";

/** A cluster as its controllers know it. */
export interface ControlledCluster {
  /** As in the tag `kubernetes.io/cluster/<name>`. */
  readonly clusterName: string;
  readonly vpcId: string;
}

export interface TaggedThing {
  readonly vpcId: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** Of the AWS Load Balancer Controller, with the cluster's name. Reference: its documentation, "How it works", tags. */
const loadBalancerControllerTag = "elbv2.k8s.aws/cluster";

/** Before every tag of this package. */
const ownPrefix = tagKeys.cluster.split("/")[0]! + "/";

/** Whether a load balancer or target group was made for a Service or an Ingress of the cluster, and not by this package. */
export function isMadeForServices(thing: TaggedThing, { clusterName, vpcId }: ControlledCluster): boolean {
  return (
    thing.vpcId === vpcId &&
    (thing.tags[kubernetesClusterTag(clusterName)] === "owned" ||
      thing.tags[loadBalancerControllerTag] === clusterName) &&
    !Object.keys(thing.tags).some((key) => key.startsWith(ownPrefix))
  );
}

/**
 * The same for a security group. Others tag theirs as the controllers do, EKS the one of its nodes; but both controllers' names begin alike.
 */
export function isGroupMadeForServices(
  group: TaggedThing & { readonly name: string },
  cluster: ControlledCluster,
): boolean {
  return group.name.startsWith("k8s-") && isMadeForServices(group, cluster);
}
