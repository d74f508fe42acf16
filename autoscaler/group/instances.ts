/** A group's machines as cluster-autoscaler and the cluster know them. */
import type { NodeGroupMachine } from "../../provider/node-groups/driver";
import type { Problem } from "./placeholder";

/** As cluster-autoscaler sees it. `problem`: it could not be made. */
export interface GroupInstance {
  readonly id: string;
  readonly state: "creating" | "running" | "deleting";
  readonly problem?: Problem;
}

/** How a request names a machine: by its node. */
export interface NodeName {
  readonly providerId: string;
  readonly name: string;
}

/** A machine's node, as the cluster has it. */
export type JoinedNode = NodeName & { readonly createdAt?: string | undefined };

/** The cluster's nodes at one reading. `strangers`: workers that are no known machine's, and say of no group that they are its. */
export interface SeenNodes {
  ofMachine(machine: NodeGroupMachine): JoinedNode | undefined;
  readonly strangers: readonly JoinedNode[];
}
