/** Private addresses of AWS's services in a VPC that exists: what they let in, a cluster's machines must be among. */
import {
  DescribeSecurityGroupsCommand,
  paginateDescribeVpcEndpoints,
  type EC2Client,
  type SecurityGroup,
  type VpcEndpoint,
} from "@aws-sdk/client-ec2";
import { overlap, rangeOf } from "../../sdk/ip-ranges";
import { isAwsError } from "./errors";
import { everyItem } from "./pages";

/** Without these no machine becomes a node: SSM has its secrets, EC2 says who it is. */
const needed = /\.(ssm|ec2)$/;

interface PlacedSubnet {
  readonly id: string;
  readonly range: string;
}

/** For a cluster that has no security group yet, so that none of these can name it. Nothing is said where it may not be asked. */
export async function endpointRefusals(
  ec2: EC2Client,
  vpcId: string,
  subnets: readonly PlacedSubnet[],
  abortSignal: AbortSignal,
): Promise<string[]> {
  try {
    const Filters = [{ Name: "vpc-id", Values: [vpcId] }];
    const pages = paginateDescribeVpcEndpoints({ client: ec2 }, { Filters }, { abortSignal });
    const endpoints = (await everyItem(pages, (page) => page.VpcEndpoints)).filter(isAsked);
    const GroupIds = [...new Set(endpoints.flatMap(groupIdsOf))];
    if (GroupIds.length === 0) return [];
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds }), { abortSignal });
    return endpoints.flatMap((endpoint) => closedTo(endpoint, SecurityGroups, subnets));
  } catch (error) {
    if (isAwsError(error, "permission", "notFound")) return [];
    throw error;
  }
}

/** With private names, they stand in for the service's public address in the whole VPC. */
function isAsked({ VpcEndpointType, ServiceName = "", PrivateDnsEnabled }: VpcEndpoint): boolean {
  return VpcEndpointType === "Interface" && PrivateDnsEnabled === true && needed.test(ServiceName);
}

function groupIdsOf({ Groups = [] }: VpcEndpoint): string[] {
  return Groups.flatMap(({ GroupId }) => GroupId ?? []);
}

function closedTo(endpoint: VpcEndpoint, groups: readonly SecurityGroup[], subnets: readonly PlacedSubnet[]): string[] {
  const ids = groupIdsOf(endpoint);
  const own = groups.filter(({ GroupId = "" }) => ids.includes(GroupId));
  // What cannot be seen, as another account's, is taken for open.
  if (own.length < ids.length) return [];
  const closed = subnets.filter(({ range }) => !own.some((group) => letsHttpsIn(group, range)));
  if (closed.length === 0) return [];
  const from = closed.map(({ id, range }) => `${id} (${range})`).join(", ");
  return [
    `${endpoint.VpcEndpointId} answers for ${endpoint.ServiceName} in ${endpoint.VpcId} under its public name, and its security ` +
      `groups (${ids.join(", ")}) let no TCP 443 in from ${from}: machines there would never become nodes; add a rule for these ranges`,
  ];
}

/** Prefix lists are not read. */
function letsHttpsIn({ IpPermissions = [] }: SecurityGroup, range: string): boolean {
  const source = rangeOf(range);
  return IpPermissions.some(({ IpProtocol, FromPort = 0, ToPort = 65_535, IpRanges = [], PrefixListIds = [] }) => {
    if (IpProtocol !== "-1" && !(IpProtocol === "tcp" && FromPort <= 443 && 443 <= ToPort)) return false;
    const ranges = IpRanges.flatMap(({ CidrIp }) => (CidrIp === undefined ? [] : (rangeOf(CidrIp) ?? [])));
    return PrefixListIds.length > 0 || (source !== undefined && ranges.some((each) => overlap(each, source)));
  });
}
