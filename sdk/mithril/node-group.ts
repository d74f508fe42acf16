import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";
import type { NodeGpusArgs } from "../kubernetes/node-gpus";
import type { TaintArgs } from "../kubernetes/taint";

/** Spot instances: they come and go with the market. */
export interface SpotCapacityArgs {
  /** Most to pay per instance and hour, in dollars: `$25.60`. Changed in place, also of bids that are there. */
  limitPrice: pulumi.Input<string>;
  /**
   * Instances that one bid buys, all or none. The group's size moves in steps of it.
   * @default 1
   * @integer
   */
  bidSize?: pulumi.Input<number>;
}

/** Instances for a fixed time, paid up front: the group's size is fixed. */
export interface ReservationCapacityArgs {
  /** When it begins, as RFC 3339: `2026-12-01T08:00:00Z`. */
  start: pulumi.Input<string>;
  /** When it ends: 3 to 336 whole hours after the start. A later end extends it. */
  end: pulumi.Input<string>;
  /**
   * Most to pay per instance and hour, in dollars: `$22.00`. The preview tells what Mithril asks for now; an order or an extension that
   * would cost more is refused. Default: whatever it costs when it is ordered.
   */
  maxUnitPrice?: pulumi.Input<string>;
  /** What destroying means: `terminateInstances` stops the instances for good, `keep` leaves them. Needed to destroy it before its end. */
  onDestroy?: pulumi.Input<"terminateInstances" | "keep">;
}

/** Exactly one of the two. */
export interface CapacityArgs {
  /** Bids in the spot auction, one for each node (or `bidSize` nodes). */
  spot?: pulumi.Input<SpotCapacityArgs>;
  /** One reservation of all nodes. `minSize` and `maxSize` are equal then. */
  reservation?: pulumi.Input<ReservationCapacityArgs>;
}

export interface NodeGroupArgs {
  /**
   * Cluster (`clust_…`) that the nodes join.
   * @replaceOnChanges
   */
  clusterId: pulumi.Input<string>;
  /**
   * Name of the cluster, for the names of orders: `<clusterName>-<name>-<number>`.
   * @replaceOnChanges
   */
  clusterName: pulumi.Input<string>;
  /**
   * Name of the group, unique in its cluster: lower-case letters, digits and hyphens.
   * @replaceOnChanges
   */
  name: pulumi.Input<string>;
  /**
   * Region, for example `us-central5-a`: the cluster's, or nodes never join.
   * @replaceOnChanges
   */
  region: pulumi.Input<string>;
  /** Instance type, by name (`h100-80gb.sxm.8x`) or fid (`it_…`). A change concerns orders made from then on. */
  instanceType: pulumi.Input<string>;
  /** How the instances are bought. */
  capacity: pulumi.Input<CapacityArgs>;
  /**
   * Fewest nodes that are bid for, from 0. `pulumi up` places the bids that are missing.
   * @integer
   */
  minSize: pulumi.Input<number>;
  /**
   * Most nodes. Lowering it removes the newest beyond it.
   * @integer
   */
  maxSize: pulumi.Input<number>;
  /**
   * Nodes that a new group starts with. Default: `minSize`.
   * @integer
   */
  initialSize?: pulumi.Input<number>;
  /** SSH keys (`sshkey_…`) of new orders. Keys that the project requires are added by themselves. */
  sshKeys: pulumi.Input<pulumi.Input<string>[]>;
  /** Volumes (`vol_…`) of new orders. File shares, unless the group has one node only. */
  volumes?: pulumi.Input<pulumi.Input<string>[]>;
  /** Bash script that new nodes run on their first boot as root, at most 10 000 characters. Never `kubeadm`: nodes join by themselves. */
  startupScript?: pulumi.Input<string>;
  /** Image (`imgver_…`) of new orders. Default: Mithril's stable one. */
  image?: pulumi.Input<string>;
  /**
   * Labels that its nodes have. Mithril sets none: what puts them there is yours; an autoscaler is told them here, because a group at zero
   * has no node to look at.
   */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Taints that its nodes have; told here for the same reason as `labels`. */
  taints?: pulumi.Input<pulumi.Input<TaintArgs>[]>;
  /** GPUs of a node, for an autoscaler. Default: what Mithril says of the instance type. */
  gpus?: pulumi.Input<NodeGpusArgs>;
  /**
   * Pauses all bids (or the reservation): no instances, no cost; boot disks are kept.
   * @default false
   */
  paused?: pulumi.Input<boolean>;
}

/** A node of a group, or the place of one that the auction has not given yet. */
export interface NodeGroupMachineState {
  /** `<order's fid>/<number>` */
  id: string;
  /** Name of its instance and its node. */
  nodeName: string;
  /** The node's `spec.providerID` where Mithril, which documents none, gives it no other. */
  providerId: string;
  /** `creating`, `running`, `deleting` or `failed`. */
  state: string;
  /** Status of its order: `Open`, `Allocated`, `Preempting`, `Relocating`, `Paused`; of a reservation `Pending`, `Active`, `Paused`. */
  orderStatus: string;
  /** `STATUS_RUNNING`, …; empty while there is no instance. */
  instanceStatus: string;
}

/**
 * A group of equal nodes of a cluster. This resource owns the group's shape and bounds; the autoscaler owns its size between them, and moving
 * it there is no difference to `pulumi up`.
 *
 * Members are the live orders named `<clusterName>-<name>-<number>` that name the cluster. `up` does not wait for the auction: a bid below
 * the market's price may stay `Open` for ever, and the reason is shown. Deleting the group deletes all of its bids and waits until their
 * instances are gone. Import id: `<projectId>/<clusterId>/<clusterName>/<name>`.
 */
export class NodeGroup extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:mithril:NodeGroup";

  public readonly clusterId!: pulumi.Output<string>;
  public readonly clusterName!: pulumi.Output<string>;
  public readonly name!: pulumi.Output<string>;
  /** @integer */
  public readonly minSize!: pulumi.Output<number>;
  /** @integer */
  public readonly maxSize!: pulumi.Output<number>;
  /**
   * Nodes that the group has or bids for, at the last `up` or `refresh`.
   * @integer
   */
  public readonly size!: pulumi.Output<number>;
  /** The nodes, at the last `up` or `refresh`. */
  public readonly machines!: pulumi.Output<NodeGroupMachineState[]>;
  /** Why nodes are missing, in words, at the last `up` or `refresh`. */
  public readonly problems!: pulumi.Output<string[]>;
  /** Project that the group is in. */
  public readonly projectId!: pulumi.Output<string>;

  /** The group with this id, `<project>/<cluster's fid>/<clusterName>/<group>`, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): NodeGroup {
    return new NodeGroup(name, undefined, { ...options, id });
  }

  constructor(name: string, args: NodeGroupArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: NodeGroupArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: NodeGroupArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = [
      "clusterId",
      "clusterName",
      "name",
      "minSize",
      "maxSize",
      "size",
      "machines",
      "problems",
      "projectId",
    ];
    super(NodeGroup.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
