import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";
import type { NodeGpusArgs } from "../kubernetes/node-gpus";
import type { TaintArgs } from "../kubernetes/taint";
import type { CapacityArgs } from "./capacity";

export interface NodeGroupArgs {
  /**
   * Name of the cluster that the machines join.
   * @replaceOnChanges
   */
  clusterName: pulumi.Input<string>;
  /**
   * Name of the group, unique in its cluster: 1 to 63 lower-case letters, digits and hyphens.
   * @replaceOnChanges
   */
  name: pulumi.Input<string>;
  /**
   * Fewest machines, from 0. `pulumi up` makes what is missing.
   * @integer
   */
  minSize: pulumi.Input<number>;
  /**
   * Most machines. Lowering it removes the newest machines beyond it.
   * @integer
   */
  maxSize: pulumi.Input<number>;
  /**
   * Machines that a new group starts with. Default: `minSize`.
   * @integer
   */
  initialSize?: pulumi.Input<number>;
  /**
   * What machines are made from: image, user data, disks, security groups, instance profile. Its instance tags must have
   * `gpu-clusters/cluster` and `gpu-clusters/node-group`, by which the group finds its machines.
   */
  launchTemplateId: pulumi.Input<string>;
  /**
   * Version of the launch template. A new one concerns machines made from then on.
   * @integer
   */
  launchTemplateVersion: pulumi.Input<number>;
  /** In the order of preference, all of one shape: equal vCPUs, memory and GPUs. A change concerns machines made from then on. */
  instanceTypes: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Where machines are made: one subnet for each zone. A type is asked for in the zones that offer it. A change concerns machines made from
   * then on.
   */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  /** Zones of subnets that are still to be made: a preview checks by them what is offered and reserved there. Nothing else comes of them. */
  zones?: pulumi.Input<pulumi.Input<string>[]>;
  /** How machines are bought. Default: on-demand. Another kind, or another value of it, replaces the group. */
  capacity?: pulumi.Input<CapacityArgs>;
  /**
   * Labels that its nodes register with. The launch template's user data gives them; an autoscaler is told them here, because a group at
   * zero has no node to look at.
   */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Taints that its nodes register with; told here for the same reason as `labels`. */
  taints?: pulumi.Input<pulumi.Input<TaintArgs>[]>;
  /** GPUs of a node, for an autoscaler. Default: what AWS says of the first instance type. */
  gpus?: pulumi.Input<NodeGpusArgs>;
  /** Tags of the fleet, besides the group's own. Machines have those of the launch template. */
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/** A machine of a node group. */
export interface NodeGroupMachineState {
  /** Instance id. */
  id: string;
  /** Name of its node: the instance's private DNS name. */
  nodeName: string;
  /** The node's `spec.providerID`. */
  providerId: string;
  /** `creating`, `running`, `deleting` or `failed`. */
  state: string;
}

/**
 * A group of machines that join a Kubernetes cluster as nodes: one EC2 Fleet, which also replaces what AWS takes away. This resource owns
 * the group's shape and bounds; the autoscaler owns its size between them, and moving it there is no difference to `pulumi up`.
 *
 * Changing the launch template, the types or the subnets changes the fleet in place, for new machines; those that run stay. Changing
 * `capacity`, which a fleet keeps for its life, replaces the group with all its machines, and deletes the old one first. Deleting the group deletes all machines with its tags, whoever made them, and waits until they are gone.
 * Import id: `fleet-…`, the fleet's.
 */
export class NodeGroup extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:NodeGroup";

  public readonly clusterName!: pulumi.Output<string>;
  public readonly name!: pulumi.Output<string>;
  /** @integer */
  public readonly minSize!: pulumi.Output<number>;
  /** @integer */
  public readonly maxSize!: pulumi.Output<number>;
  /** Region that the group is in. */
  public readonly region!: pulumi.Output<string>;
  /** Id of the EC2 Fleet. */
  public readonly fleetId!: pulumi.Output<string>;
  /**
   * Machines that the group has, at the last `up` or `refresh`.
   * @integer
   */
  public readonly size!: pulumi.Output<number>;
  /** The machines, oldest first. */
  public readonly machines!: pulumi.Output<NodeGroupMachineState[]>;
  /**
   * What kept AWS from giving machines in the hour before the last `up` or `refresh`, and what it took back, in its own words: from the
   * fleet's history. Newest last, at most ten.
   */
  public readonly problems!: pulumi.Output<string[]>;

  /** The group of this fleet, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): NodeGroup {
    return new NodeGroup(name, undefined, { ...options, id });
  }

  constructor(name: string, args: NodeGroupArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: NodeGroupArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: NodeGroupArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = ["clusterName", "name", "minSize", "maxSize", "region", "fleetId", "size", "machines", "problems"];
    super(NodeGroup.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
