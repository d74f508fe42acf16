import { formatIpv4, rangeOf } from "../../../sdk/ip-ranges";

/** The first address of a service subnet, where the `kubernetes` service lives: `10.96.0.0/12` → `10.96.0.1`. IPv4 only. */
export function firstServiceAddress(subnet: string): string {
  const range = rangeOf(subnet);
  if (!range) throw new Error(`serviceSubnet ${subnet} is not an IPv4 subnet such as 10.96.0.0/12`);
  return formatIpv4(range.base + 1);
}
