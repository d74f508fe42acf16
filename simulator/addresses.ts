/** IPv4 arithmetic and the addresses that machines get. */

export interface Ipv4Range {
  /** First address of the range, as a number. */
  readonly base: number;
  readonly prefix: number;
  /** Addresses in the range, with the network's and the broadcast address. */
  readonly size: number;
}

/** `undefined` when the text is no IPv4 address in dotted decimals. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** `undefined` when the text is no IPv4 CIDR. Host bits are cut off. */
export function parseIpv4Range(text: string): Ipv4Range | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d?)$/.exec(text);
  const address = match && parseIpv4(match[1]!);
  const prefix = Number(match?.[2]);
  if (address == null || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  return { base: address - (address % size), prefix, size };
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map((text) => parseIpv4Range(text)!);

/** Whether the range lies within one of the private ranges of RFC 1918. */
export function isPrivate(range: Ipv4Range): boolean {
  return privateRanges.some((outer) => range.base >= outer.base && range.base + range.size <= outer.base + outer.size);
}

/** The range that all machines of the simulator are in: all of it is loopback. */
export const machineRange = parseIpv4Range("127.77.0.0/16")!;

/**
 * The next free machine address after `cursor`, never one ending in 0 or 255. The cursor moves on, so that an address is not used again
 * while something may still remember it. `undefined` when all are taken.
 */
export function nextMachineAddress(
  cursor: number,
  taken: ReadonlySet<string>,
): { address: string; cursor: number } | undefined {
  for (let step = 1; step <= machineRange.size; step++) {
    const offset = (cursor + step) % machineRange.size;
    if (offset % 256 === 0 || offset % 256 === 255) continue;
    const address = formatIpv4(machineRange.base + offset);
    if (!taken.has(address)) return { address, cursor: offset };
  }
  return undefined;
}
