/**
 * Addresses of machines that really boot. A cloud gives 127.77.x.y, which the host can reach without an interface of its own; between the
 * machines the same one is 10.77.x.y, because what leaves a machine must not have a loopback address. The image's `machine-init`
 * translates the first to the second.
 */
import { machineRange, parseIpv4 } from "../../addresses";

/** The bridge that the machines are on. No machine gets an address that ends in 255. */
export const bridgeAddress = "10.77.0.255/16";

/** @throws Error for an address that no machine of this kind can have */
export function wireAddress(address: string): string {
  const number = parseIpv4(address) ?? -1;
  if (number < machineRange.base || number >= machineRange.base + machineRange.size)
    throw new Error(`machine address ${address} is not in 127.77.0.0/16: machines that boot have no other addresses`);
  return address.replace(/^127/, "10");
}
