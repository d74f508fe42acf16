import { formatCidr, isPrivate, parseCidr, privateRanges, rangeOf } from "../../sdk/ip-ranges";

/** Undefined when it is a private IPv4 range in CIDR notation, as Cudo's networks need it (reference: Cudo API, Network.ipRange). */
export function networkRangeProblem(cidr: string): string | undefined {
  const range = rangeOf(cidr);
  if (!range) return `"${cidr}" must be an IPv4 range in CIDR notation, for example 10.0.0.0/16`;
  if (!isPrivate(range)) return `"${cidr}" must lie in a private range: ${privateRanges.join(", ")}`;
  if (!parseCidr(cidr)) return `"${cidr}" has host bits set; the range is ${formatCidr(range)}`;
  return range.prefix > 29 ? `"${cidr}" has no room for machines; the smallest range is a /29` : undefined;
}
