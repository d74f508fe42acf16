import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";
import type { CapacityArgs } from "./node-group";

/** A group of a `MithrilCluster`, as far as Mithril's offer decides about it. */
export interface PlannedNodeGroupArgs {
  name: pulumi.Input<string>;
  instanceType: pulumi.Input<string>;
  /** Default: the cluster's. */
  region?: pulumi.Input<string>;
  capacity: pulumi.Input<CapacityArgs>;
  /** @integer */
  minSize: pulumi.Input<number>;
  /** @integer */
  maxSize: pulumi.Input<number>;
  volumes?: pulumi.Input<pulumi.Input<string>[]>;
  image?: pulumi.Input<string>;
}

/** A file share of a `MithrilCluster`. */
export interface PlannedFileShareArgs {
  name: pulumi.Input<string>;
  /** @integer */
  sizeGb: pulumi.Input<number>;
}

export interface PlannedControlPlaneArgs {
  instanceType: pulumi.Input<string>;
}

/** Under the names that the arguments of `MithrilCluster` have. */
export interface PlannedClusterArgs {
  /** As Mithril knows it. */
  clusterName: pulumi.Input<string>;
  region: pulumi.Input<string>;
  controlPlane: pulumi.Input<PlannedControlPlaneArgs>;
  sshKeyId?: pulumi.Input<string>;
  nodeGroups?: pulumi.Input<pulumi.Input<PlannedNodeGroupArgs>[]>;
  fileShares?: pulumi.Input<pulumi.Input<PlannedFileShareArgs>[]>;
}

/**
 * What a cluster will ask Mithril for, held against what Mithril offers before any of it is made: all that cannot be had is told at one
 * preview, by the names of the cluster's own arguments. Of what is there, its own resource tells. Makes nothing, and is free of charge.
 * It cannot be imported: make it in the program.
 */
export class PlannedCluster extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:mithril:PlannedCluster";

  public readonly clusterName!: pulumi.Output<string>;
  /** Project that it is looked up in. */
  public readonly projectId!: pulumi.Output<string>;

  constructor(name: string, args: PlannedClusterArgs, options?: pulumi.CustomResourceOptions) {
    super(
      PlannedCluster.__pulumiType,
      name,
      resourceProperties(args, { outputs: ["clusterName", "projectId"] }),
      resourceOptions(options),
    );
  }
}
