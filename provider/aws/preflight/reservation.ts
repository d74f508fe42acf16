/** Whether a Capacity Reservation has what a group wants of it. */
import {
  DescribeCapacityReservationsCommand,
  DescribeVpcsCommand,
  type CapacityReservation,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import type { Reserved } from "../../../sdk/aws/capacity";
import { isAwsError, unlessGone } from "../errors";
import type { Findings, GroupFacts, GroupPlan } from "./preflight";

/** Undefined for one that does not exist, or is not shared with the account. */
export async function readReservation(
  ec2: EC2Client,
  id: string,
  signal: AbortSignal,
): Promise<CapacityReservation | undefined> {
  try {
    const command = new DescribeCapacityReservationsCommand({ CapacityReservationIds: [id] });
    return (await ec2.send(command, { abortSignal: signal })).CapacityReservations?.[0];
  } catch (error) {
    if (isAwsError(error, "notFound") || (isAwsError(error) && /CapacityReservationId/.test(error.code)))
      return undefined;
    throw error;
  }
}

/** What machines in a VPC are: it may make all of them dedicated, whatever they ask for. Undefined: not known. */
export async function readTenancy(
  ec2: EC2Client,
  vpcId: string,
  abortSignal: AbortSignal,
): Promise<string | undefined> {
  const answer = await unlessGone(ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] }), { abortSignal }));
  return answer?.Vpcs?.[0]?.InstanceTenancy;
}

/** Reference: EC2 API, CapacityReservation. */
const linux = "Linux/UNIX";

/** What is not known yet is looked at when it is. */
export function reservedFindings(
  { instanceTypes, minSize, maxSize, isNew }: GroupPlan,
  { kind, id }: Reserved,
  { region, zones, tenancy, reservation: found }: GroupFacts,
  at: (property: string) => string,
): Findings {
  if (id === undefined) return { failures: [], warnings: [] };
  const property = at(`capacity.${kind}.id`);
  if (!found) {
    return { failures: [{ property, reason: `Capacity Reservation ${id} does not exist in ${region}` }], warnings: [] };
  }
  const failures: Findings["failures"] = [];
  const warnings: string[] = [];
  const { InstanceType: type = "", AvailabilityZone: zone = "", TotalInstanceCount: total = 0 } = found;
  const refuse = (reason: string, where = property) => failures.push({ property: where, reason });
  if (found.State !== "active") refuse(`${id} is ${found.State}, not active`);
  if (found.ReservationType === "capacity-block") refuse(`${id} is a Capacity Block, which is not supported`);
  if (found.InstancePlatform !== linux) refuse(`${id} is for ${found.InstancePlatform}, nodes are ${linux}`);
  if (tenancy !== undefined && found.Tenancy !== tenancy)
    refuse(`${id} has the tenancy ${found.Tenancy}, machines in this network have ${tenancy}`);
  // EC2 fills its places with machines of that placement group alone.
  if (found.PlacementGroupArn !== undefined) {
    const group = found.PlacementGroupArn.replace(/^.*\//, "");
    refuse(`${id} is in the placement group ${group}, where the group's machines are not: take one that is in none`);
  }
  if (instanceTypes.some((each) => each !== type)) {
    refuse(`${id} holds ${type}: the group must have this type and no other`, at("instanceTypes"));
  }
  if (zones.length > 0 && !zones.includes(zone)) {
    refuse(`${id} is in ${zone}, but the group's subnets are in ${zones.join(", ")}`);
  }
  if (maxSize > total) refuse(`${maxSize} is more than ${id} has, ${total}`, at("maxSize"));
  const free = found.AvailableInstanceCount ?? 0;
  // The machines of a group that exists are among those that take places.
  if (isNew && minSize > free) refuse(`${minSize} is more than ${id} has free, ${free} of ${total}`, at("minSize"));
  if (found.InstanceMatchCriteria === "open") {
    warnings.push(
      `${property}: ${id} is open: other machines of its type and zone take its places too, unless it must be targeted`,
    );
  }
  if (found.EndDate) {
    const end = found.EndDate.toISOString();
    warnings.push(`${property}: ${id} ends at ${end}: its machines are on-demand from then on, and none can be added`);
  }
  return { failures, warnings };
}
