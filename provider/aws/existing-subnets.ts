/** Subnets that exist, and what their routes lead to. */
import {
  paginateDescribeRouteTables,
  paginateDescribeSubnets,
  DescribeVpcsCommand,
  type EC2Client,
  type RouteTable,
  type Subnet,
} from "@aws-sdk/client-ec2";
import { everyItem } from "./pages";
import { readZones, irregularZone } from "./zones";

/** Where what is not for the VPC goes: to an internet gateway; to what has addresses for others, as a NAT gateway; nowhere. */
export type WayOut = "internet" | "nat" | "none";

export interface ExistingSubnet {
  readonly id: string;
  readonly vpcId: string;
  readonly zone: string;
  readonly wayOut: WayOut;
  /** Whether machines get a public address. */
  readonly addresses: boolean;
  /** Why no machine of a cluster can be in it; undefined: one can. */
  readonly unfit?: string | undefined;
}

export interface SubnetQuestion {
  vpcId?: string | undefined;
  subnetIds?: readonly string[] | undefined;
  /** Default: true. */
  publicApi?: boolean | undefined;
}

/** Those that are named, in their order, else all of the VPC. Ids that do not exist are left out. */
export async function readSubnets(
  ec2: EC2Client,
  { vpcId, subnetIds }: SubnetQuestion,
  abortSignal: AbortSignal,
): Promise<ExistingSubnet[]> {
  const Filters = subnetIds
    ? [{ Name: "subnet-id", Values: [...subnetIds] }]
    : [{ Name: "vpc-id", Values: [vpcId ?? ""] }];
  const pages = paginateDescribeSubnets({ client: ec2 }, { Filters }, { abortSignal });
  const subnets = await everyItem(pages, (page) => page.Subnets);
  const vpcs = [...new Set(subnets.flatMap((subnet) => subnet.VpcId ?? []))];
  if (vpcs.length === 0) return [];
  const ofVpcs = { Filters: [{ Name: "vpc-id", Values: vpcs }] };
  const [tables, zones] = await Promise.all([
    everyItem(paginateDescribeRouteTables({ client: ec2 }, ofVpcs, { abortSignal }), (page) => page.RouteTables),
    readZones(ec2, abortSignal),
  ]);
  const found = subnets.map((subnet): ExistingSubnet => {
    const { SubnetId: id = "", VpcId = "", AvailabilityZone: zone = "" } = subnet;
    const table = routeTableOf(id, VpcId, tables);
    const way = wayOut(table);
    const inZone = irregularZone(zones.find(({ ZoneName }) => ZoneName === zone));
    return {
      id,
      vpcId: VpcId,
      zone,
      wayOut: way,
      addresses: subnet.MapPublicIpOnLaunch ?? false,
      unfit: inZone === undefined ? (placeRefusal(subnet) ?? routeRefusal(way, table)) : `is in ${zone}, ${inZone}`,
    };
  });
  return subnetIds ? subnetIds.flatMap((id) => found.filter((subnet) => subnet.id === id)) : found;
}

/** A subnet without a route table of its own has the VPC's main one. */
export function routeTableOf(subnetId: string, vpcId: string, tables: readonly RouteTable[]): RouteTable | undefined {
  const ofVpc = tables.filter((table) => table.VpcId === vpcId);
  const own = ofVpc.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === subnetId));
  return own ?? ofVpc.find(({ Associations = [] }) => Associations.some(({ Main }) => Main));
}

const everywhere = ["0.0.0.0/0"];
/** As some tunnels and firewalls have it. */
const inHalves = ["0.0.0.0/1", "128.0.0.0/1"];

/** A gateway that is gone leaves its route behind, as a black hole. */
export function wayOut(table: RouteTable | undefined): WayOut {
  const open = (table?.Routes ?? []).filter(({ State }) => State !== "blackhole");
  const to = (ranges: readonly string[]) =>
    ranges.map((range) => open.find(({ DestinationCidrBlock }) => DestinationCidrBlock === range));
  const ways = [to(everywhere), to(inHalves)].find((routes) => routes.every((route) => route !== undefined));
  if (!ways) return "none";
  return ways.every((route) => route?.GatewayId?.startsWith("igw-")) ? "internet" : "nat";
}

function placeRefusal({ Ipv6Native, OutpostArn }: Subnet): string | undefined {
  if (Ipv6Native) return "has IPv6 addresses only, and machines of a cluster need IPv4 ones";
  return OutpostArn === undefined ? undefined : "is on an Outpost, where there are no fleets";
}

function routeRefusal(way: WayOut, table: RouteTable | undefined): string | undefined {
  if (way !== "none") return undefined;
  const routes = table ? `its route table, ${table.RouteTableId}, leads` : "no route table leads";
  const gone = table?.Routes?.find(
    ({ DestinationCidrBlock, State }) => DestinationCidrBlock === everywhere[0] && State === "blackhole",
  );
  const where = gone
    ? `0.0.0.0/0 to ${gone.NatGatewayId ?? gone.GatewayId ?? "what"}${gone.NatGatewayId || gone.GatewayId ? ", which" : ""} is gone`
    : "nowhere outside the VPC";
  return `has no way out (${routes} ${where}), and machines install themselves from the internet`;
}

/** All ranges of a VPC: the first, and what was associated later. */
export async function readVpcRanges(ec2: EC2Client, vpcId: string, abortSignal: AbortSignal): Promise<string[]> {
  const command = new DescribeVpcsCommand({ Filters: [{ Name: "vpc-id", Values: [vpcId] }] });
  const { Vpcs = [] } = await ec2.send(command, { abortSignal });
  const ranges = Vpcs.flatMap(({ CidrBlock, CidrBlockAssociationSet = [] }) => [
    CidrBlock,
    ...CidrBlockAssociationSet.filter(({ CidrBlockState }) => !/^disassociat/.test(CidrBlockState?.State ?? "")).map(
      (each) => each.CidrBlock,
    ),
  ]);
  return [...new Set(ranges)].flatMap((range) => range ?? []);
}
