import * as pulumi from "../../sdk/pulumi";
import { Eip } from "@pulumi/aws/ec2/eip";
import { InternetGateway } from "@pulumi/aws/ec2/internetGateway";
import { NatGateway } from "@pulumi/aws/ec2/natGateway";
import { Route } from "@pulumi/aws/ec2/route";
import { RouteTable } from "@pulumi/aws/ec2/routeTable";
import { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation";
import { Subnet } from "@pulumi/aws/ec2/subnet";
import { Vpc } from "@pulumi/aws/ec2/vpc";
import { VpcEndpoint } from "@pulumi/aws/ec2/vpcEndpoint";
import { SubnetChoice } from "../../sdk/aws/subnet-choice";
import { ZoneChoice } from "../../sdk/aws/zone-choice";
import type { ClusterRanges } from "../cluster-ranges";
import { ifThere, ofAllThere } from "../left-out";
import { defaultCidr, zoneCount } from "./network-shape";
import { awsRegion } from "./region";
import { s3Gateway } from "./partitions";
import { planSubnets } from "./subnets";
import { withTags, type Tags } from "./tags";
import type { AwsNetworkArgs } from "./args";

export interface NetworkOptions extends AwsNetworkArgs {
  /** Where the name of everything begins, in the `Name` tags. */
  physicalName: string;
  tags: Tags;
  /** Of subnets, for the cloud controller manager. Empty without it. */
  kubernetes: Record<string, string>;
  /** Of pods and Services. */
  ranges: ClusterRanges;
  region: string | undefined;
  /** Whether the API has an address before an internet gateway. */
  publicApi: boolean;
  /** Without these, nothing is made. */
  after: pulumi.Resource[];
}

/**
 * A VPC over up to three zones, with a public and a private subnet in each; or the chosen subnets of one that exists, of which nothing is
 * changed.
 *
 * Cost: NAT gateways, by the hour and by traffic, and their public addresses. Traffic to S3 goes through a gateway endpoint, free of charge.
 */
export class AwsNetwork extends pulumi.ComponentResource {
  static readonly __pulumiType = "gpu-clusters:aws:AwsNetwork";

  public readonly vpcId: pulumi.Output<string>;
  /** Where nodes are: one subnet for each zone. */
  public readonly subnetIds: pulumi.Output<string[]>;
  /** The zones of `subnetIds`. */
  public readonly zones: pulumi.Output<string[]>;
  /** Where public addresses are: of the control plane, and of load balancers. One subnet for each zone. */
  public readonly publicSubnetIds: pulumi.Output<string[]>;
  /** Whether nodes have public addresses, and no other way out. */
  public readonly publicNodes: pulumi.Output<boolean>;

  constructor(name: string, options: NetworkOptions, resourceOptions?: pulumi.ComponentResourceOptions) {
    super(AwsNetwork.__pulumiType, name, { ...options, after: undefined }, resourceOptions);
    const made = options.vpcId === undefined && options.subnetIds === undefined;
    const network = made ? newNetwork(name, options, this) : existingNetwork(name, options, this);
    this.vpcId = network.vpcId;
    this.subnetIds = network.subnetIds;
    this.zones = network.zones;
    this.publicSubnetIds = network.publicSubnetIds;
    this.publicNodes = network.publicNodes;
    this.registerOutputs({
      vpcId: this.vpcId,
      subnetIds: this.subnetIds,
      zones: this.zones,
      publicSubnetIds: this.publicSubnetIds,
    });
  }
}

interface Network {
  vpcId: pulumi.Output<string>;
  subnetIds: pulumi.Output<string[]>;
  zones: pulumi.Output<string[]>;
  publicSubnetIds: pulumi.Output<string[]>;
  publicNodes: pulumi.Output<boolean>;
}

function newNetwork(name: string, options: NetworkOptions, parent: pulumi.Resource): Network {
  const { physicalName, nat = "single", cidr = defaultCidr } = options;
  const tags = (part: string) => withTags(options.tags, { Name: `${physicalName}-${part}` });
  const child = { parent, dependsOn: options.after };
  const count = zoneCount({ zones: options.zones, region: options.region ?? awsRegion() });
  const plan = planSubnets(cidr, count)!;
  const { zones } = new ZoneChoice(`${name}-zones`, { count, names: options.zones }, child);

  const vpc = new Vpc(
    `${name}-vpc`,
    { cidrBlock: cidr, enableDnsHostnames: true, enableDnsSupport: true, tags: tags("vpc") },
    child,
  );
  const gateway = new InternetGateway(`${name}-internet`, { vpcId: vpc.id, tags: tags("internet") }, child);
  const table = (part: string) =>
    new RouteTable(`${name}-${part}`, { vpcId: vpc.id, tags: tags(part) }, { ...child, dependsOn: [gateway] });
  const everywhere = "0.0.0.0/0";
  const subnet = (part: string, cidrBlock: string, zone: number, mapPublicIpOnLaunch: boolean) =>
    new Subnet(
      `${name}-${part}`,
      {
        vpcId: vpc.id,
        cidrBlock,
        availabilityZone: zones.apply((names) => ifThere(names)[zone]!),
        mapPublicIpOnLaunch,
        tags: withTags(tags(part), {
          ...options.kubernetes,
          [`kubernetes.io/role/${mapPublicIpOnLaunch ? "elb" : "internal-elb"}`]: "1",
        }),
      },
      child,
    );

  const publicTable = table("public");
  const publicRoute = new Route(
    `${name}-public-route`,
    { routeTableId: publicTable.id, destinationCidrBlock: everywhere, gatewayId: gateway.id },
    child,
  );
  const publicSubnets = plan.public.map((range, zone) => {
    const made = subnet(`public-${zone + 1}`, range, zone, true);
    new RouteTableAssociation(
      `${name}-public-${zone + 1}-routes`,
      { subnetId: made.id, routeTableId: publicTable.id },
      child,
    );
    return made;
  });

  const gateways = (nat === "none" ? [] : nat === "single" ? publicSubnets.slice(0, 1) : publicSubnets).map(
    (place, index) => {
      const part = `nat-${index + 1}`;
      const address = new Eip(`${name}-${part}-address`, { domain: "vpc", tags: tags(part) }, child);
      return new NatGateway(
        `${name}-${part}`,
        { allocationId: address.allocationId, subnetId: place.id, tags: tags(part) },
        { ...child, dependsOn: [publicRoute] },
      );
    },
  );
  const privateTables = gateways.map((natGateway, index) => {
    const made = table(`private-${index + 1}-routes`);
    new Route(
      `${name}-private-${index + 1}-route`,
      { routeTableId: made.id, destinationCidrBlock: everywhere, natGatewayId: natGateway.id },
      child,
    );
    return made;
  });
  const privateSubnets =
    gateways.length === 0
      ? []
      : plan.private.map((range, zone) => {
          const made = subnet(`private-${zone + 1}`, range, zone, false);
          const routes = privateTables[zone] ?? privateTables[0]!;
          new RouteTableAssociation(
            `${name}-private-${zone + 1}-association`,
            { subnetId: made.id, routeTableId: routes.id },
            child,
          );
          return made;
        });

  new VpcEndpoint(
    `${name}-s3`,
    {
      vpcId: vpc.id,
      serviceName: ofAllThere([vpc.region], s3Gateway),
      vpcEndpointType: "Gateway",
      routeTableIds: [publicTable, ...privateTables].map((routes) => routes.id),
      tags: tags("s3"),
    },
    child,
  );
  return {
    vpcId: vpc.id,
    subnetIds: pulumi.all((gateways.length === 0 ? publicSubnets : privateSubnets).map((made) => made.id)),
    zones,
    publicSubnetIds: pulumi.all(publicSubnets.map((made) => made.id)),
    publicNodes: pulumi.output(gateways.length === 0),
  };
}

function existingNetwork(name: string, options: NetworkOptions, parent: pulumi.Resource): Network {
  const { vpcId, subnetIds, ranges, publicApi, after } = options;
  const choice = new SubnetChoice(
    `${name}-subnets`,
    { vpcId, subnetIds, apart: { ...ranges }, ...(!publicApi && { publicApi }) },
    { parent, dependsOn: after },
  );
  return {
    vpcId: choice.vpcId,
    subnetIds: choice.nodeSubnetIds,
    zones: choice.zones,
    publicSubnetIds: choice.publicSubnetIds,
    publicNodes: choice.publicNodes,
  };
}
