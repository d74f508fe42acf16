/** IPv4 addresses, and ranges of them in CIDR notation. Pure. */

export interface Ipv4Range {
  /** The first address, as a number. */
  readonly base: number;
  readonly prefix: number;
  /** Addresses in the range, with the network's and the broadcast address. */
  readonly size: number;
}

/** Undefined for what is no address in four decimals; `010` is none, because some read 8 there and some 10. */
export function parseIpv4(text: string): number | undefined {
  const octets = text.split(".");
  if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255))
    return undefined;
  return octets.reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** The range that an address with a prefix is in: `10.0.0.0/8` of `10.1.2.3/8`. Undefined for what is none. */
export function rangeOf(text: string): Ipv4Range | undefined {
  const [, address = "", bits = ""] = /^([^/]+)\/(0|[1-9]\d?)$/.exec(text) ?? [];
  const [number, prefix] = [parseIpv4(address), Number(bits)];
  if (number === undefined || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  return { base: number - (number % size), prefix, size };
}

/** Undefined for what is no range, or has bits beyond its prefix. */
export function parseCidr(text: string): Ipv4Range | undefined {
  const range = rangeOf(text);
  return range && formatCidr(range) === text ? range : undefined;
}

export function formatCidr({ base, prefix }: Ipv4Range): string {
  return `${formatIpv4(base)}/${prefix}`;
}

export function overlap(one: Ipv4Range, other: Ipv4Range): boolean {
  return one.base < other.base + other.size && other.base < one.base + one.size;
}

/** Whether all of the other is in it. */
export function covers(range: Ipv4Range, other: Ipv4Range): boolean {
  return range.prefix <= other.prefix && overlap(range, other);
}

/** For networks of one's own (RFC 1918). */
export const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"] as const;

/** Whether all of the range is private. */
export function isPrivate(range: Ipv4Range): boolean {
  return privateRanges.map((text) => parseCidr(text)!).some((all) => covers(all, range));
}

/** Ranges that no address of the internet is in, beside the private ones (RFC 6890). */
const notOnInternet = ["0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/3"];

/** Whether every address of the internet is in one of the ranges. */
export function coversInternet(ranges: readonly string[]): boolean {
  const all = [...ranges, ...privateRanges, ...notOnInternet].flatMap((text) => rangeOf(text) ?? []);
  let next = 0;
  for (const { base, size } of all.sort((one, other) => one.base - other.base)) {
    if (base > next) return false;
    next = Math.max(next, base + size);
  }
  return next === 2 ** 32;
}
