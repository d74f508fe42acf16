/** IPv4 ranges in CIDR notation. Pure. */

export interface Ipv4Range {
  /** The first address, as a number. */
  readonly base: number;
  readonly prefix: number;
  readonly size: number;
}

/** Undefined for what is no range, or has bits beyond its prefix. */
export function parseCidr(cidr: string): Ipv4Range | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const octets = match?.slice(1, 5).map(Number) ?? [];
  const prefix = Number(match?.[5]);
  if (!match || octets.some((octet) => octet > 255) || prefix > 32) return undefined;
  const base = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - prefix);
  return base % size === 0 ? { base, prefix, size } : undefined;
}

export function overlap(one: Ipv4Range, other: Ipv4Range): boolean {
  return one.base < other.base + other.size && other.base < one.base + one.size;
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** The range that an address with a prefix is in: `10.0.0.0/8` of `10.1.2.3/8`. */
export function rangeOf(cidr: string): string {
  const [address = "", prefix = ""] = cidr.split("/");
  const number = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - Number(prefix));
  return `${formatIpv4(Math.floor(number / size) * size)}/${prefix}`;
}
