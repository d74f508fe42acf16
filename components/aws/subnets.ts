/** Division of a VPC's range into subnets. Pure. */
import { formatIpv4, parseCidr } from "../../sdk/ip-ranges";

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

/** Bits that tell `count` things apart. */
function bitsFor(count: number): number {
  return Math.ceil(Math.log2(count));
}
