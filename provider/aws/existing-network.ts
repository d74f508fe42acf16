/** Which subnets of a network that exists a cluster takes, and whether it can be in that network. */
import type { EC2Client } from "@aws-sdk/client-ec2";
import { overlap, parseCidr } from "../../sdk/ip-ranges";
import type { CheckFailure } from "../server/resource";
import { chooseSubnets, type ChosenSubnets } from "./chosen-subnets";
import { readSubnets, readVpcRanges, type ExistingSubnet, type SubnetQuestion } from "./existing-subnets";
import { pairRefusal } from "./network-acls";
import { endpointRefusals } from "./private-endpoints";

export interface ExistingChoice {
  readonly chosen: ChosenSubnets;
  /** Of the subnets with public addresses. */
  readonly publicZones: string[];
  readonly failures: CheckFailure[];
}

/** `apart` has ranges that none of the VPC's may overlap, by what they are for. */
export async function chooseExisting(
  ec2: EC2Client,
  question: SubnetQuestion,
  apart: Readonly<Record<string, string>>,
  signal: AbortSignal,
  before?: ChosenSubnets,
): Promise<ExistingChoice> {
  const subnets = await readSubnets(ec2, question, signal);
  const { chosen, failures } = chooseSubnets(subnets, question, before);
  const publicZones = chosen.publicSubnetIds.map((id) => subnets.find((subnet) => subnet.id === id)!.zone);
  const property = question.subnetIds ? "subnetIds" : "vpcId";
  const gates = failures.length > 0 ? [] : await gateRefusals(ec2, subnets, chosen, signal, before);
  const ranges = chosen.vpcId === "" ? [] : await readVpcRanges(ec2, chosen.vpcId, signal);
  const closed = gates.map((reason) => ({ property, reason }));
  return { chosen, publicZones, failures: [...failures, ...closed, ...overlapFailures(chosen.vpcId, ranges, apart)] };
}

/** What keeps machines from each other, and from AWS, that each subnet by itself does not show. Where a cluster is already, it was let through. */
async function gateRefusals(
  ec2: EC2Client,
  subnets: readonly ExistingSubnet[],
  chosen: ChosenSubnets,
  signal: AbortSignal,
  before: ChosenSubnets | undefined,
): Promise<string[]> {
  const own = subnets.filter(({ id }) => chosen.nodeSubnetIds.includes(id));
  const isThere = ({ id }: ExistingSubnet) => before?.nodeSubnetIds.includes(id) ?? false;
  const pairs = own.flatMap((from) => own.filter((to) => to !== from).map((to) => [from, to] as const));
  const among = pairs
    .filter((pair) => !pair.every(isThere))
    .flatMap(([from, to]) => pairRefusal(from, to) ?? [])
    .map((reason) => `${reason}: machines of a cluster talk freely among themselves`);
  return [...among, ...(before ? [] : await endpointRefusals(ec2, chosen.vpcId, own, signal))];
}

function overlapFailures(
  vpcId: string,
  ranges: readonly string[],
  apart: Readonly<Record<string, string>>,
): CheckFailure[] {
  return Object.entries(apart).flatMap(([what, range]) => {
    const own = parseCidr(range);
    const met = ranges.find((other) => own && overlap(own, parseCidr(other)!));
    if (met === undefined) return [];
    const reason = `${range} overlaps ${met}, a range of ${vpcId}: machines would not find what has the same address; choose another`;
    return [{ property: `apart.${what}`, reason }];
  });
}
