import type * as pulumi from "../../sdk/pulumi";
import type { AutoscaledGroup } from "./autoscaler/groups";

export interface AddOnPlace {
  /** What the names of its resources begin with. */
  name: string;
  /** What the API server runs: `1.36.3`. */
  kubernetesVersion: pulumi.Output<string>;
  /** Secret. */
  kubeconfig: pulumi.Output<string>;
  /** Those that are there and whose sizes may be moved. */
  nodeGroups: readonly AutoscaledGroup[];
  /** Options of this package's own resources: Pulumi asks them to go also where the cluster goes too. */
  own: pulumi.CustomResourceOptions;
}

/** Something of ours that runs in the cluster. The options have the cluster's provider; it returns what is waited for. */
export type AddOn = (place: AddOnPlace, options: pulumi.CustomResourceOptions) => pulumi.Resource[];

/**
 * For workloads whose pods are not waited for: not when they come, because nodes wait for them, and not when they go, because a pod of a machine
 * that is gone stays for a minute, and nothing of the same name could be made in that time.
 */
export const notAwaited = {
  "pulumi.com/skipAwait": "true",
  "pulumi.com/deletionPropagationPolicy": "background",
} as const;

/** What runs in the cluster, by when it is made. It is deleted in the reverse order. */
export interface AddOns {
  /** Once the API server answers and before any group, and gone after the last of them. Default: nothing. */
  beforeGroups?: readonly AddOn[];
  /** Once the API server answers. Nodes become Ready by it, so that they are awaited after it: a network, a cloud's controller. */
  beforeNodes: readonly AddOn[];
  /** Once the node groups are there, and gone before any of them goes: what changes their sizes. */
  besideGroups: readonly AddOn[];
  /** Once the groups have their nodes, and the cluster is `ready` with it: what waits for pods of its own. */
  afterNodes: readonly AddOn[];
}
