/** Instances have addresses of their VPC, which no loopback interface has: each gets one of 127.78.0.0/16 besides. */
import { formatCidr, formatIpv4, parseCidr, parseIpv4 } from "../../sdk/ip-ranges";

/** Light machines of the simulated AWS are in this range. */
export const machineRange = parseCidr("127.78.0.0/16")!;

/** Gives each instance an address and keeps it until it is released. */
export class MachineAddresses {
  private readonly byInstance = new Map<string, string>();
  private readonly taken = new Set<string>();

  /** `offset`: machines of several simulators seldom have the same addresses when theirs differ. */
  constructor(private readonly offset = 0) {}

  /** The private address's last two parts, moved by the offset, where they are free (10.0.3.7 is 127.78.3.7); else the next free one. */
  of(instanceId: string, privateIp: string): string {
    const known = this.byInstance.get(instanceId);
    if (known !== undefined) return known;
    const wanted = ((parseIpv4(privateIp) ?? 0) + this.offset) % machineRange.size;
    for (let step = 0; step < machineRange.size; step++) {
      const offset = (wanted + step) % machineRange.size;
      const address = formatIpv4(machineRange.base + offset);
      if (offset % 256 === 0 || offset % 256 === 255 || this.taken.has(address)) continue;
      this.byInstance.set(instanceId, address);
      this.taken.add(address);
      return address;
    }
    throw new Error(`all addresses of ${formatCidr(machineRange)} are taken`);
  }

  release(instanceId: string): void {
    const address = this.byInstance.get(instanceId);
    if (address !== undefined) this.taken.delete(address);
    this.byInstance.delete(instanceId);
  }
}
