import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

/** A group of a `CudoCluster`, as far as Cudo's offer decides about it. */
export interface PlannedNodeGroupArgs {
  name: pulumi.Input<string>;
  /** @integer */
  minSize: pulumi.Input<number>;
  dataCenterId: pulumi.Input<string>;
  machineType: pulumi.Input<string>;
  /** @integer */
  vcpus: pulumi.Input<number>;
  /** @integer */
  memoryGib: pulumi.Input<number>;
  /** @integer */
  diskSizeGib: pulumi.Input<number>;
  /**
   * @default 0
   * @integer
   */
  gpus?: pulumi.Input<number>;
  gpuModel?: pulumi.Input<string>;
  /** Whether its image must bring NVIDIA's driver. Default: `false`. */
  gpuDriver?: pulumi.Input<boolean>;
  /** Whether its GPUs are partitioned, which the machine type's must be able to. Default: `false`. */
  mig?: pulumi.Input<boolean>;
  /**
   * How each GPU is, as far as the cluster does it: the number of partitions by their size.
   * @integer
   */
  partitions?: pulumi.Input<Record<string, pulumi.Input<number>>>;
  /** With the default that the cluster gives it. */
  image: pulumi.Input<string>;
}

/** A machine that a `CudoCluster` has one of. */
export interface PlannedMachineArgs {
  vmId: pulumi.Input<string>;
  machineType: pulumi.Input<string>;
  /** @integer */
  vcpus: pulumi.Input<number>;
  /** @integer */
  memoryGib: pulumi.Input<number>;
  /** @integer */
  diskSizeGib: pulumi.Input<number>;
  image: pulumi.Input<string>;
}

/** Under the names that the arguments of `CudoCluster` have. */
export interface PlannedClusterArgs {
  clusterName: pulumi.Input<string>;
  /** Default: that of the first group. */
  dataCenterId?: pulumi.Input<string>;
  controlPlane: pulumi.Input<PlannedMachineArgs>;
  /** The file server, where there is one. */
  sharedStorage?: pulumi.Input<PlannedMachineArgs>;
  nodeGroups?: pulumi.Input<pulumi.Input<PlannedNodeGroupArgs>[]>;
}

/** What a cluster's resources are called: by it they are known as its own. */
export function clusterResources(name: string) {
  return {
    plan: `${name}-plan`,
    controlPlane: `${name}-control-plane`,
    nodeGroup: (group: string) => `${name}-${group}`,
  };
}

/**
 * What a cluster will ask Cudo for, held against what Cudo offers before any of it is made: all that cannot be had is told at one
 * preview, by the names of the cluster's own arguments. A name that another cluster of the project has is `ClusterNameInUse`. Of what is there, its own resource tells. Makes nothing, and is free of charge.
 * It cannot be imported: make it in the program.
 */
export class PlannedCluster extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:cudo:PlannedCluster";

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
