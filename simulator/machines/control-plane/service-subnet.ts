/** The first address of a service subnet, where the `kubernetes` service lives: `10.96.0.0/12` → `10.96.0.1`. IPv4 only. */
export function firstServiceAddress(subnet: string): string {
  const [network, prefix] = subnet.split("/") as [string, string | undefined];
  const octets = network.split(".").map(Number);
  if (octets.length !== 4 || octets.some((octet) => !(octet >= 0 && octet <= 255)) || prefix === undefined) {
    throw new Error(`serviceSubnet ${subnet} is not an IPv4 subnet such as 10.96.0.0/12`);
  }
  const host = octets.reduce((value, octet) => value * 256 + octet, 0);
  const size = 2 ** (32 - Number(prefix));
  const first = Math.floor(host / size) * size + 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".");
}
