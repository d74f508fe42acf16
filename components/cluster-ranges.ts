/** Address ranges inside a cluster that we boot: of pods and of Services. Pure. */
import { overlap, parseCidr } from "../sdk/ip-ranges";
import { checkCidr } from "./value-checks";
import type { Problems } from "./errors";
import { known } from "./inputs";
import type * as pulumi from "../sdk/pulumi";

export interface ClusterRanges {
  podCidr: string;
  serviceCidr: string;
}

const defaultRanges: ClusterRanges = { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/12" };

export function clusterRanges({ podCidr, serviceCidr }: Partial<ClusterRanges>): ClusterRanges {
  return { podCidr: podCidr ?? defaultRanges.podCidr, serviceCidr: serviceCidr ?? defaultRanges.serviceCidr };
}

/** Prefixes that kubeadm and the API server take. Each node has a /24 of the pods' range. */
const prefixes = { podCidr: [8, 24], serviceCidr: [12, 28] } as const;

/** Where no pod and no Service can be: this host, loopback, the metadata services of clouds, multicast and what is reserved. */
const reserved = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"].map((range) => parseCidr(range)!);

export function isReserved(cidr: string): boolean {
  const range = parseCidr(cidr);
  return range !== undefined && reserved.some((other) => overlap(range, other));
}

export interface RangesArgs extends Partial<ClusterRanges> {
  nodeGroups?: readonly { minSize: pulumi.Input<number> }[] | undefined;
  controlPlane?: { count?: number } | undefined;
}

/** `network` is the machines' own range with its name, where it is known here. */
export function checkRanges(
  args: RangesArgs,
  network: { path: string; cidr: string; fixed: boolean } | undefined,
  problems: Problems,
): void {
  const ranges = clusterRanges(args);
  for (const field of ["podCidr", "serviceCidr"] as const) checkRange(field, ranges[field], problems);
  const { path, cidr, fixed } = network ?? {};
  const own = cidr === undefined ? [] : [[path!, cidr] as const];
  const inside = Object.entries(ranges);
  // Of two that overlap, the later is to blame: it can be changed.
  const all = fixed ? [...own, ...inside] : [...inside, ...own];
  all.forEach(([later, range], index) => {
    for (const [earlier, other] of all.slice(0, index)) {
      const [one, two] = [parseCidr(range), parseCidr(other)];
      if (one && two && overlap(one, two)) problems.add(later, `"${range}" overlaps ${earlier}, ${other}`);
    }
  });
  checkRoom(ranges.podCidr, args, problems);
}

function checkRange(field: keyof ClusterRanges, cidr: string, problems: Problems): void {
  const range = parseCidr(cidr);
  const [most, least] = prefixes[field];
  if (!range) checkCidr(field, cidr, problems);
  else if (range.prefix < most || range.prefix > least) {
    problems.add(field, `"${cidr}" must be a range from /${most} to /${least} such as ${defaultRanges[field]}`);
  } else if (isReserved(cidr)) {
    problems.add(field, `"${cidr}" has addresses that networks keep for themselves: take a private range`);
  }
}

/** Nodes that do not fit would never be ready; whether a cluster grows that far is its user's affair. */
function checkRoom(podCidr: string, { nodeGroups = [], controlPlane }: RangesArgs, problems: Problems): void {
  const room = 2 ** (24 - (parseCidr(podCidr)?.prefix ?? 0));
  const least = nodeGroups.reduce((sum, { minSize }) => sum + (known(minSize) ?? 0), controlPlane?.count ?? 1);
  if (room >= 1 && least > room) {
    problems.add("podCidr", `"${podCidr}" has room for ${room} nodes, a /24 for each, and the cluster has ${least}`);
  }
}
