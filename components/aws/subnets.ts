/** Division of a VPC's range into subnets. Pure. */
import { InvalidInput } from "../errors";
import { formatIpv4, parseCidr, type Ipv4Range } from "../ip-ranges";

/** AWS keeps the first four addresses of a subnet and the last. */
const reservedAddresses = 5;

/** The smallest subnet that AWS makes. */
const longestPrefix = 28;

export interface SubnetPlan {
  /** One for each zone. */
  readonly private: readonly string[];
  readonly public: readonly string[];
}

/**
 * Each zone gets an equal part of the range for its private subnet; the part after those is divided among the public ones. Subnets follow
 * each other without gaps, and what is left over is at the end. Undefined where the range is too small for subnets of AWS's smallest size.
 */
export function planSubnets(cidr: string, zones: number): SubnetPlan | undefined {
  const range = parseCidr(cidr);
  if (!range || zones < 1) return undefined;
  const privatePrefix = range.prefix + bitsFor(zones + 1);
  const publicPrefix = privatePrefix + bitsFor(zones);
  if (publicPrefix > longestPrefix) return undefined;
  const [privateSize, publicSize] = [2 ** (32 - privatePrefix), 2 ** (32 - publicPrefix)];
  const each = (first: number, size: number, prefix: number) =>
    Array.from({ length: zones }, (_, index) => `${formatIpv4(first + index * size)}/${prefix}`);
  return {
    private: each(range.base, privateSize, privatePrefix),
    public: each(range.base + zones * privateSize, publicSize, publicPrefix),
  };
}

/** Machines that a subnet has addresses for. */
export function roomIn(cidr: string): number {
  const range = parseCidr(cidr);
  return range ? Math.max(0, range.size - reservedAddresses) : 0;
}

export function overlap(one: Ipv4Range, other: Ipv4Range): boolean {
  return one.base < other.base + other.size && other.base < one.base + one.size;
}

/** Bits that tell `count` things apart. */
function bitsFor(count: number): number {
  return Math.ceil(Math.log2(count));
}

/** What AWS tells of a subnet that exists. */
export interface ExistingSubnet {
  readonly id: string;
  readonly vpcId: string;
  readonly zone: string;
  /** Whether machines get a public address there. */
  readonly public: boolean;
}

export interface ChosenSubnets {
  readonly vpcId: string;
  /** For node groups: one for each zone. */
  readonly nodes: readonly string[];
  /** The zones of `nodes`. */
  readonly zones: readonly string[];
  /** For what has a public address: one for each zone. */
  readonly public: readonly string[];
}

/**
 * Chooses among existing subnets. Those that were named are all used and must fit together; of those that a VPC has, nodes get the private
 * ones where there are any, and each zone's first. Throws `InvalidInput`, which says what does not fit.
 */
export function chooseSubnets(
  subnets: readonly ExistingSubnet[],
  { vpcId, named }: { vpcId: string | undefined; named: boolean },
): ChosenSubnets {
  const path = named ? "network.subnetIds" : "network.vpcId";
  const refusal = (reason: string) => new InvalidInput("AwsCluster", [{ propertyPath: path, reason }]);
  if (subnets.length === 0) throw refusal(`${vpcId} has no subnets`);
  const home = vpcId ?? subnets[0]!.vpcId;
  const stranger = subnets.find((subnet) => subnet.vpcId !== home);
  if (stranger) throw refusal(`${stranger.id} is in ${stranger.vpcId}, not in ${home}`);
  const sorted = named ? subnets : [...subnets].sort((a, b) => a.id.localeCompare(b.id));
  const hidden = sorted.filter((subnet) => !subnet.public);
  const candidates = named || hidden.length === 0 ? sorted : hidden;
  const nodes = firstOfZones(candidates);
  const double = named && candidates.find((subnet) => !nodes.includes(subnet));
  if (double) {
    const other = nodes.find(({ zone }) => zone === double.zone)!;
    throw new Error(
      `${path}: ${double.id} and ${other.id} are both in ${other.zone}; a fleet takes one subnet per zone`,
    );
  }
  const open = sorted.filter((subnet) => subnet.public);
  const ids = (chosen: readonly ExistingSubnet[]) => chosen.map(({ id }) => id);
  const zones = nodes.map(({ zone }) => zone);
  return { vpcId: home, nodes: ids(nodes), zones, public: ids(firstOfZones(open.length > 0 ? open : sorted)) };
}

function firstOfZones(subnets: readonly ExistingSubnet[]): ExistingSubnet[] {
  return subnets.filter(({ zone }, index) => subnets.findIndex((other) => other.zone === zone) === index);
}
