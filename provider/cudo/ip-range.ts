/** IPv4 ranges. Pure. */

const privateRanges = [
  { text: "10.0.0.0/8", base: 0x0a000000, bits: 8 },
  { text: "172.16.0.0/12", base: 0xac100000, bits: 12 },
  { text: "192.168.0.0/16", base: 0xc0a80000, bits: 16 },
];

/** Undefined when it is a private IPv4 range in CIDR notation, as Cudo's networks need it (reference: Cudo API, Network.ipRange). */
export function networkRangeProblem(cidr: string): string | undefined {
  const range = parseRange(cidr);
  if (!range) {
    return `"${cidr}" must be an IPv4 range in CIDR notation, for example 10.0.0.0/16`;
  }
  if (!privateRanges.some(({ base, bits }) => range.bits >= bits && mask(range.base, bits) === base)) {
    return `"${cidr}" must lie in a private range: ${privateRanges.map(({ text }) => text).join(", ")}`;
  }
  const start = mask(range.base, range.bits);
  if (start !== range.base) {
    return `"${cidr}" has host bits set; the range is ${dotted(start)}/${range.bits}`;
  }
  return range.bits > 29 ? `"${cidr}" has no room for machines; the smallest range is a /29` : undefined;
}

function parseRange(cidr: string): { base: number; bits: number } | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (!match) {
    return undefined;
  }
  const [a, b, c, d, bits] = match.slice(1).map(Number) as [number, number, number, number, number];
  const valid = [a, b, c, d].every((octet) => octet <= 255) && bits <= 32;
  return valid ? { base: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, bits } : undefined;
}

function mask(address: number, bits: number): number {
  return bits === 0 ? 0 : (address & (0xffffffff << (32 - bits))) >>> 0;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
}
