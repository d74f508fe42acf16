/** The addresses that machines get. */
import { formatIpv4, parseCidr } from "../sdk/ip-ranges";

/** The range that all machines of the simulator are in: all of it is loopback. */
export const machineRange = parseCidr("127.77.0.0/16")!;

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
