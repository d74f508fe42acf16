/** Which of the subnets that exist a cluster takes. Pure: `existing-subnets.ts` asks AWS. */
import type { CheckFailure } from "../server/resource";
import type { ExistingSubnet, SubnetQuestion } from "./existing-subnets";

export interface ChosenSubnets {
  readonly vpcId: string;
  readonly nodeSubnetIds: string[];
  readonly zones: string[];
  readonly publicSubnetIds: string[];
  readonly publicNodes: boolean;
}

/**
 * Of named subnets each must fit, and all together; of those that a VPC has, each zone's first of a kind is taken, and what does not fit is left
 * out. What has public addresses stays where it was `before`: it cannot move.
 */
export function chooseSubnets(
  subnets: readonly ExistingSubnet[],
  { vpcId, subnetIds, publicApi = true }: SubnetQuestion,
  before?: ChosenSubnets,
): { chosen: ChosenSubnets; failures: CheckFailure[] } {
  const failures: CheckFailure[] = [];
  const whole = subnetIds ? "subnetIds" : "vpcId";
  const refuse = (reason: string, id?: string) =>
    failures.push({
      property: id !== undefined && subnetIds ? `subnetIds[${subnetIds.indexOf(id)}]` : whole,
      reason: id === undefined ? reason : `${id} ${reason}`,
    });
  const home = before?.vpcId ?? vpcId ?? subnets[0]?.vpcId ?? "";
  // What a cluster has filled itself stays its own, and what it is in has let it in.
  const kept = [...(before?.nodeSubnetIds ?? []), ...(before?.publicSubnetIds ?? [])];
  const seen = subnets.map((subnet) => (kept.includes(subnet.id) ? subnet : forNew(subnet)));
  const sorted = subnetIds ? seen : seen.sort((a, b) => a.id.localeCompare(b.id));
  const fit = sorted.filter(({ unfit, vpcId: own }) => unfit === undefined && own === home);
  const hidden = fit.filter(({ wayOut }) => wayOut === "nat");
  const open = [...fit.filter(({ wayOut }) => wayOut === "internet")].sort((a, b) => rank(a, before) - rank(b, before));
  const forNodes = hidden.length > 0 ? hidden : open.filter(({ addresses }) => addresses);

  const stays = before ? ", where the cluster stays for its life" : "";
  if (vpcId !== undefined && before && vpcId !== home)
    failures.push({ property: "vpcId", reason: `${vpcId} is not ${home}${stays}` });
  if (subnetIds) {
    for (const id of subnetIds) if (!subnets.some((subnet) => subnet.id === id)) refuse("does not exist", id);
    for (const { id, vpcId: own, unfit } of sorted) {
      if (own !== home) refuse(`is in ${own}, not in ${home}${stays}`, id);
      else if (unfit !== undefined) refuse(unfit, id);
    }
    for (const kind of [hidden, open]) {
      for (const subnet of kind) {
        const first = kind.find(({ zone }) => zone === subnet.zone)!;
        if (first !== subnet)
          refuse(`and ${first.id} are both in ${subnet.zone}, and a fleet takes one subnet for each zone`, subnet.id);
      }
    }
  } else if (subnets.length === 0) refuse(`${vpcId} does not exist, or has no subnets`);
  for (const id of before?.publicSubnetIds ?? []) {
    if (!open.some((subnet) => subnet.id === id))
      refuse(`${id} stays for the cluster's life: its API has a public address there`);
  }
  if (failures.length === 0) {
    const unfit = sorted.flatMap((subnet) => (subnet.unfit === undefined ? [] : `; ${subnet.id} ${subnet.unfit}`));
    if (!publicApi) {
      if (hidden.length === 0)
        refuse(
          `no subnet leads out by a NAT gateway, a transit gateway or the like, where machines without public addresses are${unfit.join("")}`,
        );
    } else if (open.length === 0) {
      const here = hidden.length > 0 ? ` (${list(hidden)}: NAT)` : "";
      refuse(
        `no subnet leads to an internet gateway, where the API has its public address unless controlPlane.publicAddress is false${here}${unfit.join("")}`,
      );
    } else if (hidden.length === 0) {
      const without = open.filter(({ addresses }) => !addresses);
      const reason =
        "leads to an internet gateway, but gives machines no public addresses: nodes in it would reach nothing; they need a subnet that leads to a NAT gateway";
      if (subnetIds) without.forEach(({ id }) => refuse(reason, id));
      else if (forNodes.length === 0) refuse(`${reason}${unfit.join("")}`, list(without));
    }
  }
  const nodes = firstOfZones(forNodes);
  return {
    chosen: {
      vpcId: home,
      nodeSubnetIds: nodes.map(({ id }) => id),
      zones: nodes.map(({ zone }) => zone),
      publicSubnetIds: publicApi ? firstOfZones(open).map(({ id }) => id) : [],
      publicNodes: hidden.length === 0,
    },
    failures,
  };
}

function forNew(subnet: ExistingSubnet): ExistingSubnet {
  return { ...subnet, unfit: subnet.unfit ?? subnet.closed };
}

/** Those that were chosen before come first, in their order. */
function rank({ id }: ExistingSubnet, before: ChosenSubnets | undefined): number {
  const index = before?.publicSubnetIds.indexOf(id) ?? -1;
  return index < 0 ? (before?.publicSubnetIds.length ?? 0) : index;
}

function list(subnets: readonly ExistingSubnet[]): string {
  return subnets.map(({ id }) => id).join(", ");
}

function firstOfZones(subnets: readonly ExistingSubnet[]): ExistingSubnet[] {
  return subnets.filter(({ zone }, index) => subnets.findIndex((other) => other.zone === zone) === index);
}
