import * as pulumi from "../pulumi";
import type { CapacityArgs } from "./capacity";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

/** What machines start from. */
export interface PlannedImage {
  /** By its id. Default: the newest of Ubuntu, with NVIDIA's driver where it is needed. */
  image?: pulumi.Input<string>;
  /** Of the machines. Default: the image is not looked at. */
  architecture?: pulumi.Input<"x86_64" | "arm64">;
  /**
   * GiB of the root disk, which the image must fit on.
   * @integer
   */
  diskSizeGib?: pulumi.Input<number>;
}

/** Machines of a control plane as they are going to be. */
export interface PlannedControlPlane extends PlannedImage {
  /** For example `t3.xlarge`. */
  instanceType: pulumi.Input<string>;
  /** @integer */
  count: pulumi.Input<number>;
}

/** Machines of a node group as they are going to be. */
export interface PlannedMachines extends PlannedImage {
  /** Of the group: one that was not looked at before has no machines yet. */
  name: pulumi.Input<string>;
  /** For example `["p5.48xlarge"]`. */
  instanceTypes: pulumi.Input<pulumi.Input<string>[]>;
  /** Default: on-demand. */
  capacity?: pulumi.Input<CapacityArgs>;
  /** @integer */
  minSize: pulumi.Input<number>;
  /** @integer */
  maxSize: pulumi.Input<number>;
  /**
   * Of a machine. Default: as AWS says of the first type.
   * @integer
   */
  gpus?: pulumi.Input<number>;
  /** Whose the GPUs must be, where AWS says of them. Default: they are not looked at. */
  gpuVendor?: pulumi.Input<"nvidia" | "amd">;
  /** Whether GPUs are partitioned, which theirs must be able to. */
  mig?: pulumi.Input<boolean>;
  /**
   * How each GPU is, as far as the cluster does it: the number of partitions by their size.
   * @integer
   */
  partitions?: pulumi.Input<Record<string, pulumi.Input<number>>>;
  /** With Elastic Fabric Adapters, which the types must have. */
  efa?: pulumi.Input<boolean>;
  /** The kind of placement group, which the types must go into. */
  placementGroup?: pulumi.Input<"cluster" | "partition" | "spread">;
  /** Whether an image for GPUs is one with their driver. Default: `true`. */
  gpuDriver?: pulumi.Input<boolean>;
}

/** How much of it a network is going to have. */
export interface PlannedNetwork {
  /** @integer */
  vpcs?: pulumi.Input<number>;
  /**
   * Public addresses that stay.
   * @integer
   */
  addresses?: pulumi.Input<number>;
  /**
   * In one zone.
   * @integer
   */
  natGateways?: pulumi.Input<number>;
  /**
   * In one security group, of one direction.
   * @integer
   */
  securityGroupRules?: pulumi.Input<number>;
  /**
   * Zones of a new network: so many must be there, and VPC Block Public Access off.
   * @integer
   */
  zoneCount?: pulumi.Input<number>;
  /** The same by name. */
  zones?: pulumi.Input<pulumi.Input<string>[]>;
  /** A network that exists: its subnets must fit. */
  vpcId?: pulumi.Input<string>;
  subnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Whether machines find files by names that such a VPC gives out (`ec2:DescribeVpcAttribute`). Default: `false`. */
  dnsNames?: pulumi.Input<boolean>;
  /** Whether the API has a public address. Default: `true`. */
  publicApi?: pulumi.Input<boolean>;
}

/** Where and as whom another provider asks AWS. */
export interface SeenAccount {
  accountId: pulumi.Input<string>;
  region: pulumi.Input<string>;
}

export interface AccountReadyArgs {
  /** The region must offer its type, and the account's quotas must have room for it. */
  controlPlane?: pulumi.Input<PlannedControlPlane>;
  /** The region must offer their types, in the zones of the network, and have their images and reservations; the quotas must have room for them. */
  nodeGroups?: pulumi.Input<pulumi.Input<PlannedMachines>[]>;
  /** What the account's quotas must have room for when it is made, and where it is. */
  network?: pulumi.Input<PlannedNetwork>;
  /** Ranges that none of an existing network's may overlap, by what they are for, for example `{ podCidr: "10.244.0.0/16" }`. */
  ranges?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** A KMS key by its id or ARN, which must be there and able to encrypt. */
  kmsKeyId?: pulumi.Input<string>;
  /** A policy by its ARN, which must be there: the boundary of the machines' roles. */
  permissionsBoundary?: pulumi.Input<string>;
  /** Names of IAM roles that are going to be made, which must be free: an account's regions share them. */
  roleNames?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Name that no other stack's cluster of the region may have, whatever stands before it: fleets, machines and volumes are found and protected by it,
   * in the tag `gpu-clusters/cluster` (`ec2:DescribeSecurityGroups`).
   */
  clusterName?: pulumi.Input<string>;
  /** Tag by which a role of such a name, or what a cluster of it has, is known to be one's own, for example `{ "gpu-clusters/stack": "infra/prod" }`. */
  ownTags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /**
   * Principals of AWS services that act in the account with a role of theirs: `ec2fleet.amazonaws.com`, without which a fleet starts nothing,
   * `spot.amazonaws.com`, `elasticloadbalancing.amazonaws.com`, `elasticfilesystem.amazonaws.com` and `fsx.amazonaws.com`. A role that is
   * missing is made (`iam:CreateServiceLinkedRole`), and never deleted.
   */
  serviceRoles?: pulumi.Input<pulumi.Input<string>[]>;
  /** Name of an EC2 key pair of the region, which must exist. */
  keyPair?: pulumi.Input<string>;
  /** What the AWS provider says of itself, which must be the same account and region: half a cluster would be elsewhere. */
  awsProvider?: pulumi.Input<SeenAccount>;
}

/**
 * Looks at the preview whether the account can have the cluster, before anything is made, and tells all that stands in the way at once; makes the
 * services' roles that are missing. What runs already is not examined again: only what changes is. Where AWS may not be asked, it says so and goes on.
 * Free of charge.
 * It cannot be imported: make it in the program.
 */
export class AccountReady extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:AccountReady";

  /** AWS account id that the credentials are of. */
  public readonly accountId!: pulumi.Output<string>;
  /** Where it was asked. In another region it is asked anew. */
  public readonly region!: pulumi.Output<string>;

  constructor(name: string, args: AccountReadyArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["accountId", "region"];
    super(AccountReady.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
