/**
 * What both the `NodeGroup` resource of a cloud and the autoscaler's server use to run one node group.
 *
 * Sizes are absolute and every call may be repeated: a driver keeps nothing that it cannot read again from the cloud.
 */
export interface NodeGroupMachine {
  /** The cloud's own id of the machine. */
  readonly id: string;
  /** Equal to the node's `spec.providerID`, byte for byte. */
  readonly providerId: string;
  /** The name that the machine joins the cluster with. */
  readonly nodeName: string;
  readonly state: "creating" | "running" | "deleting" | "failed";
  /** Public address; undefined where there is none (yet), or the cloud's driver does not tell. */
  readonly address?: string;
  /** RFC 3339; undefined where the cloud does not tell. */
  readonly createdAt?: string;
}

export interface NodeGroupDescription {
  /** Machines that the group should have, as the cloud holds it: machines creating or running, plus what is still to come. */
  readonly size: number;
  readonly machines: readonly NodeGroupMachine[];
}

/** Why the cloud does not give a machine. `capacity` and `quota` may pass; `rejected` is the user's to mend. */
export interface NodeGroupProblem {
  readonly kind: "capacity" | "quota" | "rejected" | "lost";
  /** The cloud's own words. */
  readonly message: string;
  readonly at: Date;
}

export interface NodeGroupDriver {
  describe(signal: AbortSignal): Promise<NodeGroupDescription>;
  /** Brings the group to `size` machines. Never terminates a live machine: a smaller size only gives up machines still to come. */
  resize(size: number, signal: AbortSignal): Promise<void>;
  /** Removes exactly these machines (by `NodeGroupMachine.id`), and the size goes down with them. Ids already gone are success. */
  remove(ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** Removes every machine that carries the group's mark, also those that others made, and returns when none is left. */
  destroy(signal: AbortSignal): Promise<void>;
  /** What went wrong since then, newest last. */
  problems(since: Date, signal: AbortSignal): Promise<NodeGroupProblem[]>;
}
