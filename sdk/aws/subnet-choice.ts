import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface SubnetChoiceArgs {
  /** The VPC whose subnets may be chosen. Default: that of `subnetIds`. */
  vpcId?: pulumi.Input<string>;
  /** These subnets, all of them. Default: of the VPC's, each zone's first of a kind. */
  subnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Ranges that none of the VPC's may overlap, by what they are for, for example `{ podCidr: "10.244.0.0/16" }`. */
  apart?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** `false`: nothing has a public address, so that no subnet need lead to an internet gateway. Default: `true`. */
  publicApi?: pulumi.Input<boolean>;
}

/**
 * Subnets of a VPC that exists, chosen once by their routes: the state keeps them until others are named, also when the VPC gets more. Nodes
 * are where the default route leads to a NAT gateway, a transit gateway or the like; where there is no such subnet, they are where it leads to
 * an internet gateway and machines get public addresses. What has a public address itself is where it leads to an internet gateway, and
 * stays there when other subnets are named. Subnets without a way out, with IPv6 only, on Outposts and in local zones do not fit; nor do, where the
 * cluster is not in them yet, those without a free address, whose network ACLs certainly keep machines from the internet or from each other, or that
 * VPC Block Public Access cuts off from their internet gateway. A new cluster is refused where private addresses of SSM or EC2 in the VPC let nobody of
 * its subnets in. Makes nothing, and is free of charge.
 *
 * It needs `ec2:DescribeSubnets`, `DescribeRouteTables`, `DescribeVpcs` and `DescribeAvailabilityZones`, and for routes to prefix lists
 * `GetManagedPrefixListEntries`: where that is refused, such a route counts as one that leads everywhere, unless it is an endpoint's.
 * It cannot be imported: make it in the program.
 */
export class SubnetChoice extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:SubnetChoice";

  public readonly vpcId!: pulumi.Output<string>;
  /** For nodes: one for each zone. */
  public readonly nodeSubnetIds!: pulumi.Output<string[]>;
  /** The zones of `nodeSubnetIds`. */
  public readonly zones!: pulumi.Output<string[]>;
  /** For what has a public address: one for each zone. */
  public readonly publicSubnetIds!: pulumi.Output<string[]>;
  /** Whether nodes have public addresses, and no other way out. */
  public readonly publicNodes!: pulumi.Output<boolean>;
  /** Where it was asked. In another region it is asked anew. */
  public readonly region!: pulumi.Output<string>;

  constructor(name: string, args: SubnetChoiceArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["vpcId", "nodeSubnetIds", "zones", "publicSubnetIds", "publicNodes", "region"];
    super(SubnetChoice.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
