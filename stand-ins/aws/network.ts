/** Networks: `aws:ec2/vpc:Vpc`, `subnet`, `internetGateway`, `routeTable`, `route`, `routeTableAssociation`, `vpcEndpoint`. */
import type { InternetGatewayArgs, InternetGatewayState } from "@pulumi/aws/ec2/internetGateway";
import type { RouteArgs, RouteState } from "@pulumi/aws/ec2/route";
import type { RouteTableArgs, RouteTableState } from "@pulumi/aws/ec2/routeTable";
import type { RouteTableAssociationArgs, RouteTableAssociationState } from "@pulumi/aws/ec2/routeTableAssociation";
import type { SubnetArgs, SubnetState } from "@pulumi/aws/ec2/subnet";
import type { VpcArgs, VpcState } from "@pulumi/aws/ec2/vpc";
import type { VpcEndpointArgs, VpcEndpointState } from "@pulumi/aws/ec2/vpcEndpoint";
import { crc32 } from "node:zlib";
import { unlessGone } from "../../provider/aws/errors";
import { removeWhenFree, until, type Plain } from "./cloud";
import { ec2Object } from "./ec2-object";

const vpc = ec2Object<VpcArgs, VpcState>({
  tagged: "vpc",
  inputs: ["cidrBlock", "instanceTenancy", "enableDnsHostnames", "enableDnsSupport"],
  required: ["cidrBlock"],
  replaceOn: ["cidrBlock", "instanceTenancy"],
  defaults: { enableDnsSupport: true, instanceTenancy: "default" },
  make: async (cloud, { cidrBlock, instanceTenancy, tags }) => {
    const made = await cloud.ec2.createVpc({
      CidrBlock: cidrBlock!,
      InstanceTenancy: instanceTenancy as "default",
      ...cloud.specifications("vpc", tags),
    });
    return made.Vpc!.VpcId!;
  },
  adjust: async ({ ec2 }, VpcId, inputs, state) => {
    const [support, hostnames] = [inputs.enableDnsSupport ?? true, inputs.enableDnsHostnames ?? false];
    if (support !== (state.enableDnsSupport ?? true))
      await ec2.modifyVpcAttribute({ VpcId, EnableDnsSupport: { Value: support } });
    if (hostnames !== (state.enableDnsHostnames ?? false))
      await ec2.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: hostnames } });
  },
  describe: async (cloud, id) => {
    const { ec2 } = cloud;
    const found = (await unlessGone(ec2.describeVpcs({ VpcIds: [id] })))?.Vpcs?.[0];
    if (found === undefined) return undefined;
    const Filters = [{ Name: "vpc-id", Values: [id] }];
    const [support, hostnames, tables, groups, lists] = await Promise.all([
      ec2.describeVpcAttribute({ VpcId: id, Attribute: "enableDnsSupport" }),
      ec2.describeVpcAttribute({ VpcId: id, Attribute: "enableDnsHostnames" }),
      ec2.describeRouteTables({ Filters: [...Filters, { Name: "association.main", Values: ["true"] }] }),
      ec2.describeSecurityGroups({ Filters: [...Filters, { Name: "group-name", Values: ["default"] }] }),
      ec2.describeNetworkAcls({ Filters: [...Filters, { Name: "default", Values: ["true"] }] }),
    ]);
    const mainRouteTableId = tables.RouteTables?.[0]?.RouteTableId;
    const state = {
      arn: await cloud.arn("vpc", id),
      cidrBlock: found.CidrBlock,
      instanceTenancy: found.InstanceTenancy,
      enableDnsSupport: support.EnableDnsSupport?.Value,
      enableDnsHostnames: hostnames.EnableDnsHostnames?.Value,
      dhcpOptionsId: found.DhcpOptionsId,
      mainRouteTableId,
      defaultRouteTableId: mainRouteTableId,
      defaultSecurityGroupId: groups.SecurityGroups?.[0]?.GroupId,
      defaultNetworkAclId: lists.NetworkAcls?.[0]?.NetworkAclId,
      ownerId: await cloud.account(),
      region: cloud.region,
    };
    return { state, tags: found.Tags };
  },
  remove: ({ ec2 }, id, _state, subject) => removeWhenFree(`VPC ${id}`, () => ec2.deleteVpc({ VpcId: id }), subject),
});

const subnet = ec2Object<SubnetArgs, SubnetState>({
  tagged: "subnet",
  inputs: ["vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "mapPublicIpOnLaunch"],
  required: ["vpcId", "cidrBlock"],
  chosen: ["availabilityZone", "availabilityZoneId"],
  replaceOn: ["vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId"],
  deleteBeforeReplace: true,
  make: async (cloud, { vpcId, cidrBlock, availabilityZone, availabilityZoneId, tags }) => {
    const made = await cloud.ec2.createSubnet({
      VpcId: vpcId,
      CidrBlock: cidrBlock!,
      AvailabilityZone: availabilityZone,
      AvailabilityZoneId: availabilityZoneId,
      ...cloud.specifications("subnet", tags),
    });
    return made.Subnet!.SubnetId!;
  },
  adjust: async ({ ec2 }, SubnetId, { mapPublicIpOnLaunch: Value = false }, state) => {
    if (Value !== (state.mapPublicIpOnLaunch ?? false))
      await ec2.modifySubnetAttribute({ SubnetId, MapPublicIpOnLaunch: { Value } });
  },
  describe: async (cloud, id) => {
    const found = (await unlessGone(cloud.ec2.describeSubnets({ SubnetIds: [id] })))?.Subnets?.[0];
    if (found === undefined) return undefined;
    const state = {
      arn: await cloud.arn("subnet", id),
      vpcId: found.VpcId,
      cidrBlock: found.CidrBlock,
      availabilityZone: found.AvailabilityZone,
      availabilityZoneId: found.AvailabilityZoneId,
      mapPublicIpOnLaunch: found.MapPublicIpOnLaunch,
      ownerId: found.OwnerId,
      region: cloud.region,
    };
    return { state, tags: found.Tags };
  },
  remove: ({ ec2 }, id, _state, subject) =>
    removeWhenFree(`subnet ${id}`, () => ec2.deleteSubnet({ SubnetId: id }), subject),
});

const internetGateway = ec2Object<InternetGatewayArgs, InternetGatewayState>({
  tagged: "internet-gateway",
  inputs: ["vpcId"],
  replaceOn: [],
  make: async (cloud, { tags }) => {
    const made = await cloud.ec2.createInternetGateway(cloud.specifications("internet-gateway", tags));
    return made.InternetGateway!.InternetGatewayId!;
  },
  adjust: async ({ ec2 }, InternetGatewayId, { vpcId }, { vpcId: before }) => {
    if (before === vpcId) return;
    if (before) await ec2.detachInternetGateway({ InternetGatewayId, VpcId: before });
    if (vpcId) await ec2.attachInternetGateway({ InternetGatewayId, VpcId: vpcId });
  },
  describe: async (cloud, id) => {
    const answer = await unlessGone(cloud.ec2.describeInternetGateways({ InternetGatewayIds: [id] }));
    const found = answer?.InternetGateways?.[0];
    if (found === undefined) return undefined;
    const vpcId = found.Attachments?.[0]?.VpcId;
    const state = {
      arn: await cloud.arn("internet-gateway", id),
      vpcId,
      ownerId: await cloud.account(),
      region: cloud.region,
    };
    return { state, tags: found.Tags };
  },
  remove: async ({ ec2 }, id, { vpcId }, subject) => {
    const what = `internet gateway ${id}`;
    const place = { InternetGatewayId: id, VpcId: vpcId! };
    if (vpcId) {
      await removeWhenFree(what, () => ec2.detachInternetGateway(place).catch(unlessDetached), subject);
    }
    await removeWhenFree(what, () => ec2.deleteInternetGateway({ InternetGatewayId: id }), subject);
  },
});

function unlessDetached(error: unknown): void {
  if ((error as { code?: string }).code !== "Gateway.NotAttached") throw error;
}

const routeTable = ec2Object<RouteTableArgs, RouteTableState>({
  tagged: "route-table",
  inputs: ["vpcId"],
  required: ["vpcId"],
  replaceOn: ["vpcId"],
  make: async (cloud, { vpcId, tags }) => {
    const made = await cloud.ec2.createRouteTable({ VpcId: vpcId, ...cloud.specifications("route-table", tags) });
    return made.RouteTable!.RouteTableId!;
  },
  describe: async (cloud, id) => {
    const found = (await unlessGone(cloud.ec2.describeRouteTables({ RouteTableIds: [id] })))?.RouteTables?.[0];
    if (found === undefined) return undefined;
    const state = {
      arn: await cloud.arn("route-table", id),
      vpcId: found.VpcId,
      ownerId: await cloud.account(),
      region: cloud.region,
    };
    return { state, tags: found.Tags };
  },
  remove: ({ ec2 }, id, _state, subject) =>
    removeWhenFree(`route table ${id}`, () => ec2.deleteRouteTable({ RouteTableId: id }), subject),
});

const routeTargets = ["gatewayId", "natGatewayId", "networkInterfaceId"] as const;

/** As the official provider names routes. */
function routeId(routeTableId: string, destination: string): string {
  return `r-${routeTableId}${crc32(destination)}`;
}

function routeRequest(inputs: Plain<RouteArgs>) {
  const { routeTableId, destinationCidrBlock, gatewayId, natGatewayId, networkInterfaceId } = inputs;
  return {
    RouteTableId: routeTableId,
    DestinationCidrBlock: destinationCidrBlock!,
    GatewayId: gatewayId,
    NatGatewayId: natGatewayId,
    NetworkInterfaceId: networkInterfaceId,
  };
}

/** EC2 knows no ids of routes. */
const route = ec2Object<RouteArgs, RouteState>({
  inputs: ["routeTableId", "destinationCidrBlock", "gatewayId", "natGatewayId", "networkInterfaceId"],
  required: ["routeTableId", "destinationCidrBlock"],
  replaceOn: ["routeTableId", "destinationCidrBlock"],
  problems: (inputs) => {
    const given = routeTargets.filter((target) => inputs[target] !== undefined);
    if (given.length === 1) return [];
    return [{ property: given[1] ?? "gatewayId", reason: `exactly one of ${routeTargets.join(", ")} is needed` }];
  },
  make: async ({ ec2 }, inputs) => {
    await ec2.createRoute(routeRequest(inputs));
    return routeId(inputs.routeTableId, inputs.destinationCidrBlock!);
  },
  adjust: async ({ ec2 }, _id, inputs, state) => {
    const isNew = state.routeTableId === undefined;
    if (isNew || routeTargets.every((target) => (inputs[target] ?? "") === (state[target] ?? ""))) return;
    await ec2.replaceRoute(routeRequest(inputs));
  },
  describe: async (cloud, id) => {
    const tables = await cloud.ec2.describeRouteTables({});
    for (const table of tables.RouteTables ?? []) {
      if (!id.startsWith(`r-${table.RouteTableId}`)) continue;
      const found = table.Routes?.find(
        ({ DestinationCidrBlock: cidr }) => cidr && routeId(table.RouteTableId!, cidr) === id,
      );
      if (found === undefined) continue;
      const state = {
        routeTableId: table.RouteTableId,
        destinationCidrBlock: found.DestinationCidrBlock,
        gatewayId: found.GatewayId ?? "",
        natGatewayId: found.NatGatewayId ?? "",
        networkInterfaceId: found.NetworkInterfaceId ?? "",
        origin: found.Origin,
        state: found.State,
        region: cloud.region,
      };
      return { state };
    }
    return undefined;
  },
  remove: async ({ ec2 }, _id, { routeTableId, destinationCidrBlock }) => {
    await unlessGone(ec2.deleteRoute({ RouteTableId: routeTableId!, DestinationCidrBlock: destinationCidrBlock! }));
  },
});

const routeTableAssociation = ec2Object<RouteTableAssociationArgs, RouteTableAssociationState>({
  inputs: ["routeTableId", "subnetId"],
  required: ["routeTableId", "subnetId"],
  replaceOn: ["subnetId", "routeTableId"],
  // A subnet has one table.
  deleteBeforeReplace: true,
  make: async ({ ec2 }, { routeTableId, subnetId }) =>
    (await ec2.associateRouteTable({ RouteTableId: routeTableId, SubnetId: subnetId! })).AssociationId!,
  describe: async (cloud, id) => {
    const Filters = [{ Name: "association.route-table-association-id", Values: [id] }];
    const tables = await cloud.ec2.describeRouteTables({ Filters });
    const found = tables.RouteTables?.flatMap(({ Associations = [] }) => Associations).find(
      ({ RouteTableAssociationId }) => RouteTableAssociationId === id,
    );
    return found && { state: { routeTableId: found.RouteTableId, subnetId: found.SubnetId, region: cloud.region } };
  },
  remove: async ({ ec2 }, id) => {
    await unlessGone(ec2.disassociateRouteTable({ AssociationId: id }));
  },
});

const vpcEndpoint = ec2Object<VpcEndpointArgs, VpcEndpointState>({
  tagged: "vpc-endpoint",
  inputs: ["vpcId", "serviceName", "vpcEndpointType", "routeTableIds"],
  required: ["vpcId", "serviceName"],
  defaults: { vpcEndpointType: "Gateway" },
  problems: ({ vpcEndpointType }) =>
    vpcEndpointType === "Gateway"
      ? []
      : [
          {
            property: "vpcEndpointType",
            reason: "the simulator's stand-in for the aws provider makes gateway endpoints only",
          },
        ],
  chosen: ["routeTableIds"],
  replaceOn: ["vpcId", "serviceName", "vpcEndpointType"],
  make: async (cloud, { vpcId, serviceName, routeTableIds = [], tags }) => {
    const made = await cloud.ec2.createVpcEndpoint({
      VpcId: vpcId,
      ServiceName: serviceName!,
      VpcEndpointType: "Gateway",
      RouteTableIds: routeTableIds,
      ...cloud.specifications("vpc-endpoint", tags),
    });
    return made.VpcEndpoint!.VpcEndpointId!;
  },
  adjust: async ({ ec2 }, VpcEndpointId, { routeTableIds = [] }, { routeTableIds: before }) => {
    if (before === undefined) return;
    const AddRouteTableIds = routeTableIds.filter((id) => !before.includes(id));
    const RemoveRouteTableIds = before.filter((id) => !routeTableIds.includes(id));
    if (AddRouteTableIds.length + RemoveRouteTableIds.length > 0)
      await ec2.modifyVpcEndpoint({ VpcEndpointId, AddRouteTableIds, RemoveRouteTableIds });
  },
  describe: async (cloud, id) => {
    const answer = await unlessGone(cloud.ec2.describeVpcEndpoints({ VpcEndpointIds: [id] }));
    const found = answer?.VpcEndpoints?.[0];
    if (found === undefined || String(found.State).toLowerCase() === "deleted") return undefined;
    const state = {
      arn: await cloud.arn("vpc-endpoint", id),
      vpcId: found.VpcId,
      serviceName: found.ServiceName,
      vpcEndpointType: found.VpcEndpointType,
      routeTableIds: found.RouteTableIds,
      state: found.State,
      ownerId: await cloud.account(),
      region: cloud.region,
    };
    return { state, tags: found.Tags };
  },
  remove: async ({ ec2 }, id, _state, subject) => {
    await unlessGone(ec2.deleteVpcEndpoints({ VpcEndpointIds: [id] }));
    const isGone = async () => {
      const state = (await unlessGone(ec2.describeVpcEndpoints({ VpcEndpointIds: [id] })))?.VpcEndpoints?.[0]?.State;
      return state === undefined || String(state).toLowerCase() === "deleted" || undefined;
    };
    await until(`removing VPC endpoint ${id}`, isGone, subject);
  },
});

export const networkResources = {
  "aws:ec2/internetGateway:InternetGateway": internetGateway,
  "aws:ec2/route:Route": route,
  "aws:ec2/routeTable:RouteTable": routeTable,
  "aws:ec2/routeTableAssociation:RouteTableAssociation": routeTableAssociation,
  "aws:ec2/subnet:Subnet": subnet,
  "aws:ec2/vpc:Vpc": vpc,
  "aws:ec2/vpcEndpoint:VpcEndpoint": vpcEndpoint,
};
