import { messageOf } from "../../sdk/message";

/**
 * What runs one node group of one cloud. The `NodeGroup` resource of each cloud and the autoscaler's server both go through it, by the same
 * registry (`registry.ts`), which opens a group from the provider's configuration and the group's spec, without Pulumi.
 *
 * Sizes are absolute and every call may be repeated: a driver keeps nothing that it cannot read again from the cloud. What the group should
 * be (shape, marks, how it is bought) is its spec, which it was opened with.
 */
export interface NodeGroupMachine {
  /** The cloud's own id of the machine. */
  readonly id: string;
  /** The node's `spec.providerID`, byte for byte, where the cloud gives it one; else what the autoscaler's server gives it. */
  readonly providerId: string;
  /** The name that the machine joins the cluster with. */
  readonly nodeName: string;
  readonly state: "creating" | "running" | "deleting" | "failed";
  /** Public address; undefined where there is none (yet), or the cloud's driver does not tell. */
  readonly address?: string;
  /** The cloud takes the machine back soon, in its own words; undefined also where only the machine itself is told. */
  readonly notice?: string;
  /**
   * Where nobody documents what the cloud calls its nodes: other texts by which the machine's node may be known (addresses, ids). A machine
   * that has them, and whose node is not known for certain, is never removed as one that did not join while it may have.
   */
  readonly alsoKnownAs?: readonly string[];
  /** RFC 3339; undefined where the cloud does not tell. */
  readonly createdAt?: string;
  /** Machines with the same bundle were bought together and can only be removed together (a bid of several instances). */
  readonly bundle?: string;
}

export interface NodeGroupDescription {
  /** The group's id, as Pulumi's state keeps it; undefined while the cloud has nothing of the group. */
  readonly id?: string;
  /** Machines that the group should have, as the cloud holds it: machines creating or running, plus what is still to come. */
  readonly size: number;
  /** Oldest first. */
  readonly machines: readonly NodeGroupMachine[];
}

/**
 * Why the cloud does not give a machine. `capacity` and `quota` may pass; `rejected` is the user's to mend: whoever asked for the machine
 * should give it up (`resize`), for some clouds try again for ever.
 */
export interface NodeGroupProblem {
  readonly kind: "capacity" | "quota" | "rejected" | "lost";
  /** The machine that it is about, where there is one: lost, being taken back, or ordered and not given. Stands for its whole bundle. */
  readonly machineId?: string;
  /** The cloud's own words. */
  readonly message: string;
  readonly at: Date;
}

export interface NodeTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** What a node that the group makes next will look like to the scheduler: a group at zero has no node to look at. */
export interface NodeTemplate {
  /** As the node registers: the group's own, ours (`gpu-clusters/…`), and the well-known ones of its cloud. */
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly NodeTaint[];
  /** By resource name (`cpu`, `memory`, `ephemeral-storage`, `pods`, `nvidia.com/gpu`, …), as Kubernetes quantities. */
  readonly capacity: Readonly<Record<string, string>>;
  /** What is left of it for pods. */
  readonly allocatable: Readonly<Record<string, string>>;
  /** Zones that the node may be in, where the cloud has zones that matter to pods. */
  readonly zones?: readonly string[];
}

/** `ensure` failed, by its `cause`, and may have made something. */
export class GroupUnfinished extends Error {
  override readonly name = "GroupUnfinished";
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

export interface NodeGroupDriver {
  /**
   * The group with at least its mark in the cloud, at `size` machines when it is new. One that an interrupted call left is found again; one
   * that another owner made is refused. Returns the group's id, as Pulumi's state keeps it. Rejects with `GroupUnfinished` when it failed
   * after it may have made something; any other error means that nothing of the group is ours.
   */
  ensure(size: number, signal: AbortSignal): Promise<string>;
  describe(signal: AbortSignal): Promise<NodeGroupDescription>;
  /** Brings the group to `size` machines. Never terminates a live machine: a smaller size only gives up machines still to come. */
  resize(size: number, signal: AbortSignal): Promise<void>;
  /** Brings what the cloud keeps of the group's shape, price and marks to the spec. Live machines stay. Tells whether anything changed. */
  reshape(signal: AbortSignal): Promise<boolean>;
  /** Removes exactly these machines (by `NodeGroupMachine.id`), and the size goes down with them. Ids already gone are success. */
  remove(ids: readonly string[], signal: AbortSignal): Promise<void>;
  /** Removes every machine that carries the group's mark, also those that others made, and returns when none is left. */
  destroy(signal: AbortSignal): Promise<void>;
  /** What went wrong since then, newest last. */
  problems(since: Date, signal: AbortSignal): Promise<NodeGroupProblem[]>;
  template(signal: AbortSignal): Promise<NodeTemplate>;
}
