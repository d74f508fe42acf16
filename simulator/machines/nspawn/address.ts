/**
 * Addresses of machines that really boot. A cloud gives 127.x.y.z, which the host can reach without an interface of its own; between the
 * machines the same one is 10.x.y.z, because what leaves a machine must not have a loopback address. The image's `machine-init`
 * translates the first to the second. All private networks are on one wire.
 */
import { parseCidr, parseIpv4 } from "../../../sdk/ip-ranges";
import type { MachineSpec } from "../machine";

/** The machines' gateway. No machine gets an address that ends in 255. */
export const gatewayAddress = "10.77.0.255";

/** Addresses that machines of any cloud may have on the host, and public ones. */
const translated = parseCidr("127.64.0.0/12")!;

/** @throws Error for an address that no machine of this kind can have */
export function wireAddress(address: string): string {
  const number = parseIpv4(address) ?? -1;
  if (number < translated.base || number >= translated.base + translated.size)
    throw new Error(`machine address ${address} is not in 127.64.0.0/12: machines that boot have no other addresses`);
  return address.replace(/^127/, "10");
}

/** The machine's own address on the wire. */
export function wireAddressOf({ address, privateAddress }: Pick<MachineSpec, "address" | "privateAddress">): string {
  return privateAddress ?? wireAddress(address);
}
