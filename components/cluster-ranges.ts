/** Address ranges inside a cluster that we boot: of pods and of Services. Pure. */
import { counted } from "../sdk/counted";
import { overlap, parseCidr } from "../sdk/ip-ranges";
import { checkCidr } from "./value-checks";
import type { Problems } from "./errors";
import { known } from "./inputs";
import * as pulumi from "../sdk/pulumi";

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

interface RoomOfGroup {
  name?: string;
  minSize: pulumi.Input<number>;
  /** Left out where the size stays. */
  maxSize?: pulumi.Input<number>;
}

export interface RangesArgs extends Partial<ClusterRanges> {
  nodeGroups?: readonly RoomOfGroup[] | undefined;
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
  checkRoom(args, problems);
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

/**
 * Nodes that do not fit would never be ready, and the autoscaler would buy one after the other: no group may ask for more than there is room for. All groups
 * together may, because few have their most at once.
 */
function checkRoom(args: RangesArgs, problems: Problems): void {
  const { podCidr, room, others, least } = roomOf(args);
  if (room < 1) return;
  const has = `"${podCidr}" has room for ${counted(room, "node")}, a /24 for each, and`;
  if (least > room) return problems.add("podCidr", `${has} the cluster has ${least}`);
  const { name, most } = args.nodeGroups?.map(mostOf).find((each) => each.most + others > room) ?? {};
  if (most !== undefined)
    problems.add(
      "podCidr",
      `${has} the group "${name}" alone may have ${most}, besides ${others} of the control plane`,
    );
}

/** Says of groups that they may have more nodes together than there is room for. */
export function tellTightRoom(args: RangesArgs, resource: pulumi.Resource): void {
  const { podCidr, room, others } = roomOf(args);
  const most = (args.nodeGroups ?? []).reduce((sum, group) => sum + mostOf(group).most, others);
  if (most <= room) return;
  const has = `"${podCidr}" has room for ${counted(room, "node")}, a /24 for each, and by maxSize the cluster may have ${most}`;
  void pulumi.log.warn(
    `podCidr: ${has}: those beyond would never be ready. It stays as it is for the cluster's life`,
    resource,
  );
}

function mostOf({ name, minSize, maxSize = minSize }: RoomOfGroup) {
  return { name, most: known(maxSize) ?? 0 };
}

function roomOf({ nodeGroups = [], controlPlane, ...ranges }: RangesArgs) {
  const { podCidr } = clusterRanges(ranges);
  const others = controlPlane?.count ?? 1;
  const least = nodeGroups.reduce((sum, { minSize }) => sum + (known(minSize) ?? 0), others);
  return { podCidr, room: 2 ** (24 - (parseCidr(podCidr)?.prefix ?? 0)), others, least };
}
