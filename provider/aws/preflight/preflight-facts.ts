/** Asks AWS for what `preflight.ts` judges. Reads only. */
import {
  DescribeKeyPairsCommand,
  DescribeLaunchTemplateVersionsCommand,
  paginateDescribeSubnets,
  type EC2Client,
  type ResponseLaunchTemplateData,
  type Subnet,
} from "@aws-sdk/client-ec2";
import { GetInstanceProfileCommand, type IAMClient } from "@aws-sdk/client-iam";
import { closest } from "../../../sdk/schema/spelling";
import type { CheckFailure } from "../../server/resource";
import type { AwsClients } from "../clients";
import { isAwsError } from "../errors";
import { everyItem } from "../pages";
import { readInstanceTypes, readOfferedTypes, readOfferings } from "../instance-types";
import type { GroupFacts, GroupPlan } from "./preflight";
import { quotaOf, readQuota, type VcpuQuota } from "./quotas";
import { readReservation, readTenancy } from "./reservation";

export interface Surroundings {
  /** Zones of the group's subnets, as far as they are known. */
  readonly zones?: readonly string[];
  /** Where machines are going to be, if it exists. */
  readonly vpcId?: string | undefined;
  readonly imageArchitecture?: string;
  /** Of machines in a network that does not exist yet. */
  readonly tenancy?: string | undefined;
}

export async function readGroupFacts(
  clients: AwsClients,
  plan: GroupPlan,
  { zones = [], vpcId, imageArchitecture, tenancy: given }: Surroundings,
  signal: AbortSignal,
): Promise<GroupFacts> {
  const wanted = [...new Set(plan.instanceTypes)];
  const reservedId = plan.reserved?.id;
  const [region, offerings, reservation, tenancy] = await Promise.all([
    clients.region(),
    readOfferings(clients.ec2, wanted, signal),
    reservedId === undefined ? undefined : readReservation(clients.ec2, reservedId, signal),
    reservedId === undefined || vpcId === undefined ? given : readTenancy(clients.ec2, vpcId, signal),
  ]);
  const offered = wanted.filter((type) => offerings.some(({ instanceType }) => instanceType === type));
  const missing = wanted.filter((type) => !offered.includes(type));
  const [alternatives, types, quotas] = await Promise.all([
    offeredLike(clients.ec2, missing, signal),
    readInstanceTypes(clients.ec2, offered, signal),
    readQuotas(clients, offered, plan, signal),
  ]);
  return {
    region,
    offerings,
    alternatives,
    types,
    zones,
    tenancy,
    imageArchitecture,
    quotas,
    ...(reservation && { reservation }),
  };
}

/** Types of the same family, else of the same letters: p5.48xlarge → p5, else p. Else what may have been meant. */
async function offeredLike(ec2: EC2Client, missing: readonly string[], signal: AbortSignal): Promise<string[]> {
  if (missing.length === 0) return [];
  const offered = await readOfferedTypes(ec2, signal);
  for (const family of [/^[a-z]+\d+/, /^[a-z]+(?=\d)/]) {
    const families = new Set(missing.flatMap((type) => family.exec(type)?.[0] ?? []));
    const found = offered.filter((type) => families.has(family.exec(type)?.[0] ?? ""));
    if (found.length > 0) return found;
  }
  return missing.flatMap((type) => closest(type, offered) ?? []);
}

async function readQuotas(
  clients: AwsClients,
  types: readonly string[],
  { capacityType }: GroupPlan,
  signal: AbortSignal,
): Promise<GroupFacts["quotas"]> {
  const byType = new Map(
    types.flatMap((type) => {
      const quota = quotaOf(type, capacityType);
      return quota ? [[type, quota] as const] : [];
    }),
  );
  const quotas = new Map([...byType.values()].map((quota) => [quota.code, quota]));
  const values = new Map<string, number>();
  await Promise.all(
    [...quotas.values()].map(async (quota) => {
      const value = await quotaIfAllowed(clients, quota, signal);
      if (value !== undefined) values.set(quota.code, value);
    }),
  );
  return new Map(
    [...byType].flatMap(([type, quota]) => {
      const vcpus = values.get(quota.code);
      return vcpus === undefined ? [] : [[type, { quota, vcpus }] as const];
    }),
  );
}

/** Many accounts do not let a deployer read quotas, and AWS may number them anew: then nothing is said about them. */
async function quotaIfAllowed(clients: AwsClients, quota: VcpuQuota, signal: AbortSignal): Promise<number | undefined> {
  try {
    return await readQuota(clients.quotas, quota, signal);
  } catch (error) {
    if (isAwsError(error, "permission", "notFound", "invalid")) return undefined;
    throw error;
  }
}

/** The zone of each subnet that exists. */
export async function readZonesOf(
  ec2: EC2Client,
  subnetIds: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  return zonesOf(await readSubnets(ec2, subnetIds, signal));
}

function zonesOf(subnets: readonly Subnet[]): Map<string, string> {
  return new Map(subnets.map((subnet) => [subnet.SubnetId!, subnet.AvailabilityZone ?? ""]));
}

function readSubnets(ec2: EC2Client, subnetIds: readonly string[], signal: AbortSignal): Promise<Subnet[]> {
  const Filters = [{ Name: "subnet-id", Values: [...subnetIds] }];
  const pages = paginateDescribeSubnets({ client: ec2 }, { Filters }, { abortSignal: signal });
  return everyItem(pages, ({ Subnets }) => Subnets);
}

/** The zones of subnets, their VPC, and what is wrong with them: a fleet cannot use two subnets of one zone. */
export async function readSubnetZones(
  ec2: EC2Client,
  subnetIds: readonly string[],
  property: string,
  signal: AbortSignal,
): Promise<{ zones: string[]; vpcId?: string | undefined; failures: CheckFailure[] }> {
  const subnets = await readSubnets(ec2, subnetIds, signal);
  const zoneOf = zonesOf(subnets);
  const taken = new Map<string, string>();
  const failures: CheckFailure[] = [];
  for (const [index, id] of subnetIds.entries()) {
    const zone = zoneOf.get(id);
    const at = `${property}[${index}]`;
    if (zone === undefined) failures.push({ property: at, reason: `subnet "${id}" does not exist` });
    else if (taken.has(zone)) {
      const reason = `"${id}" and "${taken.get(zone)}" are both in ${zone}: a fleet takes one subnet for each zone`;
      failures.push({ property: at, reason });
    } else taken.set(zone, id);
  }
  return { zones: [...taken.keys()], vpcId: subnets[0]?.VpcId, failures };
}

/** Undefined for a template or version that does not exist. */
export async function readTemplate(
  ec2: EC2Client,
  LaunchTemplateId: string,
  version: string,
  signal: AbortSignal,
): Promise<ResponseLaunchTemplateData | undefined> {
  try {
    const command = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId, Versions: [version] });
    const { LaunchTemplateVersions } = await ec2.send(command, { abortSignal: signal });
    return LaunchTemplateVersions?.[0]?.LaunchTemplateData;
  } catch (error) {
    if (isAwsError(error, "notFound") || (isAwsError(error) && /LaunchTemplate(Id|Version)/.test(error.code)))
      return undefined;
    throw error;
  }
}

/** False only when IAM says that there is none: not every deployer may ask. */
export async function instanceProfileExists(iam: IAMClient, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await iam.send(new GetInstanceProfileCommand({ InstanceProfileName: name }), { abortSignal: signal });
    return true;
  } catch (error) {
    if (isAwsError(error, "permission")) return true;
    if (isAwsError(error, "notFound")) return false;
    throw error;
  }
}

/** What is wrong with a key pair's name. */
export async function keyPairFailures(
  ec2: EC2Client,
  keyPair: string,
  property: string,
  region: string,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const { KeyPairs } = await ec2.send(new DescribeKeyPairsCommand({}), { abortSignal: signal });
  const names = (KeyPairs ?? []).flatMap(({ KeyName }) => KeyName ?? []);
  if (names.includes(keyPair)) return [];
  const known = names.length > 0 ? `; there are: ${names.sort().join(", ")}` : "; the region has none";
  return [{ property, reason: `key pair "${keyPair}" does not exist in ${region}${known}` }];
}
