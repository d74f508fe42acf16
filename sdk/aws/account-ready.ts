import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

/** Machines of a control plane as they are going to be. */
export interface PlannedControlPlane {
  /** For example `t3.xlarge`. */
  instanceType: pulumi.Input<string>;
  /** @integer */
  count: pulumi.Input<number>;
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
}

/** Where and as whom another provider asks AWS. */
export interface SeenAccount {
  accountId: pulumi.Input<string>;
  region: pulumi.Input<string>;
}

export interface AccountReadyArgs {
  /** The region must offer its type, and the account's quotas must have room for it. */
  controlPlane?: pulumi.Input<PlannedControlPlane>;
  /** What the account's quotas must have room for when it is made. */
  network?: pulumi.Input<PlannedNetwork>;
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
   * and `spot.amazonaws.com`. A role that is missing is made (`iam:CreateServiceLinkedRole`), and never deleted.
   */
  serviceRoles?: pulumi.Input<pulumi.Input<string>[]>;
  /** Name of an EC2 key pair of the region, which must exist. */
  keyPair?: pulumi.Input<string>;
  /** What the AWS provider says of itself, which must be the same account and region: half a cluster would be elsewhere. */
  awsProvider?: pulumi.Input<SeenAccount>;
}

/**
 * Looks at the preview whether the account can have the cluster, before anything is made, and makes the services' roles that it lacks. What runs already is not examined again: only what
 * changes is. Where AWS may not be asked, it says so and goes on. Free of charge.
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
