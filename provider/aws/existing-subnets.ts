/** Subnets that exist, and what their routes lead to. */
import {
  paginateDescribeNetworkAcls,
  paginateDescribeRouteTables,
  paginateDescribeSubnets,
  paginateDescribeVpcs,
  paginateGetManagedPrefixListEntries,
  type EC2Client,
  type Filter,
  type NetworkAcl,
  type Route,
  type RouteTable,
  type Subnet,
} from "@aws-sdk/client-ec2";
import { coversInternet, isPrivate, rangeOf } from "../../sdk/ip-ranges";
import { isAwsError } from "./errors";
import { apiRefusal, machineRefusal, type GuardedSubnet } from "./network-acls";
import { everyItem } from "./pages";
import { readZones, irregularZone } from "./zones";

/** Where what is not for the VPC goes: to an internet gateway; to what has addresses for others, as a NAT gateway; nowhere. */
export type WayOut = "internet" | "nat" | "none";

export interface ExistingSubnet extends GuardedSubnet {
  readonly vpcId: string;
  readonly zone: string;
  readonly wayOut: WayOut;
  /** Whether machines get a public address. */
  readonly addresses: boolean;
  /** Why nothing of a cluster that is not in it yet can come into it; undefined: it can. */
  readonly closed?: string | undefined;
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
  { vpcId, subnetIds, publicApi = true }: SubnetQuestion,
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
  const [tables, zones, acls] = await Promise.all([
    everyItem(paginateDescribeRouteTables({ client: ec2 }, ofVpcs, { abortSignal }), (page) => page.RouteTables),
    readZones(ec2, abortSignal),
    readAcls(ec2, ofVpcs, abortSignal),
  ]);
  const lists = await readPrefixLists(ec2, tables, abortSignal);
  const found = subnets.map((subnet): ExistingSubnet => {
    const { SubnetId: id = "", VpcId = "", AvailabilityZone: zone = "" } = subnet;
    const table = routeTableOf(id, VpcId, tables);
    const way = table ? wayOut(table, lists) : unseenWay(subnet);
    const acl = acls.find(({ Associations = [] }) => Associations.some(({ SubnetId }) => SubnetId === id));
    const inZone = irregularZone(zones.find(({ ZoneName }) => ZoneName === zone));
    return {
      id,
      range: subnet.CidrBlock ?? "",
      acl,
      vpcId: VpcId,
      zone,
      wayOut: way,
      addresses: subnet.MapPublicIpOnLaunch ?? false,
      closed: closedBy(subnet, way, acl, publicApi),
      unfit:
        inZone === undefined
          ? (placeRefusal(subnet) ?? (table && routeRefusal(way, table)))
          : `is in ${zone}, ${inZone}`,
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

/**
 * Each VPC has a main table, but who is given some subnets of another account's does not see it: they are taken at their word.
 */
function unseenWay({ MapPublicIpOnLaunch }: Subnet): WayOut {
  return MapPublicIpOnLaunch ? "internet" : "nat";
}

const everywhere = "0.0.0.0/0";

/** Empty for who may not read them: a network of another account's does not show all of it. */
async function readAcls(
  ec2: EC2Client,
  ofVpcs: { Filters: Filter[] },
  abortSignal: AbortSignal,
): Promise<NetworkAcl[]> {
  try {
    const pages = paginateDescribeNetworkAcls({ client: ec2 }, ofVpcs, { abortSignal });
    return await everyItem(pages, (page) => page.NetworkAcls);
  } catch (error) {
    if (isAwsError(error, "permission")) return [];
    throw error;
  }
}

/** The ranges of prefix lists by id; undefined: whoever deploys may not read them. */
export type PrefixLists = ReadonlyMap<string, readonly string[] | undefined>;

async function readPrefixLists(
  ec2: EC2Client,
  tables: readonly RouteTable[],
  abortSignal: AbortSignal,
): Promise<PrefixLists> {
  const ids = new Set(
    tables.flatMap(({ Routes = [] }) => Routes.flatMap((route) => route.DestinationPrefixListId ?? [])),
  );
  const read = async (PrefixListId: string): Promise<string[] | undefined> => {
    try {
      const pages = paginateGetManagedPrefixListEntries({ client: ec2 }, { PrefixListId }, { abortSignal });
      return (await everyItem(pages, (page) => page.Entries)).flatMap(({ Cidr }) => Cidr ?? []);
    } catch (error) {
      if (isAwsError(error, "permission", "notFound")) return undefined;
      throw error;
    }
  };
  return new Map(await Promise.all([...ids].map(async (id) => [id, await read(id)] as const)));
}

/** A gateway that is gone leaves its route behind, as a black hole. */
export function wayOut({ Routes = [] }: RouteTable, lists: PrefixLists = new Map()): WayOut {
  const open = Routes.filter(({ State, GatewayId }) => State !== "blackhole" && GatewayId !== "local");
  const rangesOf = ({ DestinationCidrBlock, DestinationPrefixListId }: Route) =>
    DestinationPrefixListId === undefined
      ? [DestinationCidrBlock].flatMap((range) => range ?? [])
      : (lists.get(DestinationPrefixListId) ?? []);
  const known = open.filter((route) => rangesOf(route).some((range) => !isPrivateRange(range)));
  const whole = known.filter((route) => coversInternet(rangesOf(route)));
  if (whole.length > 0) return wayOf(whole);
  // Some tunnels and firewalls have it in halves, or in every range that is public.
  if (coversInternet(known.flatMap(rangesOf))) return wayOf(known);
  // What may lead everywhere is taken at its word. By an endpoint it is S3 or DynamoDB alone.
  const unread = open.filter(
    ({ DestinationPrefixListId: id, GatewayId }) =>
      id !== undefined && lists.get(id) === undefined && !GatewayId?.startsWith("vpce-"),
  );
  return unread.length > 0 ? wayOf(unread) : "none";
}

function wayOf(routes: readonly Route[]): WayOut {
  return routes.every(({ GatewayId }) => GatewayId?.startsWith("igw-")) ? "internet" : "nat";
}

function isPrivateRange(text: string): boolean {
  const range = rangeOf(text);
  return range === undefined || isPrivate(range);
}

/** Before an internet gateway may be load balancers alone, unless machines get public addresses there. */
function closedBy(subnet: Subnet, way: WayOut, acl: NetworkAcl | undefined, publicApi: boolean): string | undefined {
  if (subnet.AvailableIpAddressCount === 0) return "has no address left";
  if (way !== "internet") return machineRefusal(acl);
  if (!publicApi) return undefined;
  const mode = subnet.BlockPublicAccessStates?.InternetGatewayBlockMode ?? "off";
  if (mode !== "off")
    return `is cut off from its internet gateway by VPC Block Public Access (${mode}), unless an exclusion allows both directions`;
  return apiRefusal(acl) ?? (subnet.MapPublicIpOnLaunch ? machineRefusal(acl) : undefined);
}

function placeRefusal({ Ipv6Native, OutpostArn }: Subnet): string | undefined {
  if (Ipv6Native) return "has IPv6 addresses only, and machines of a cluster need IPv4 ones";
  return OutpostArn === undefined ? undefined : "is on an Outpost, where there are no fleets";
}

function routeRefusal(way: WayOut, { RouteTableId, Routes = [] }: RouteTable): string | undefined {
  if (way !== "none") return undefined;
  const gone = Routes.find(
    ({ DestinationCidrBlock, State }) => DestinationCidrBlock === everywhere && State === "blackhole",
  );
  const where = gone
    ? `0.0.0.0/0 to ${gone.NatGatewayId ?? gone.GatewayId ?? "what"}${gone.NatGatewayId || gone.GatewayId ? ", which" : ""} is gone`
    : "nowhere outside the VPC";
  return `has no way out (its route table, ${RouteTableId}, leads ${where}), and machines install themselves from the internet`;
}

/** All ranges of a VPC: the first, and what was associated later. */
export async function readVpcRanges(ec2: EC2Client, vpcId: string, abortSignal: AbortSignal): Promise<string[]> {
  const Filters = [{ Name: "vpc-id", Values: [vpcId] }];
  const vpcs = await everyItem(paginateDescribeVpcs({ client: ec2 }, { Filters }, { abortSignal }), ({ Vpcs }) => Vpcs);
  const ranges = vpcs.flatMap(({ CidrBlock, CidrBlockAssociationSet = [] }) => [
    CidrBlock,
    ...CidrBlockAssociationSet.filter(({ CidrBlockState }) => !/^disassociat/.test(CidrBlockState?.State ?? "")).map(
      (each) => each.CidrBlock,
    ),
  ]);
  return [...new Set(ranges)].flatMap((range) => range ?? []);
}
