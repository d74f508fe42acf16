/** Fast networks between a group's machines: Elastic Fabric Adapters and placement groups. Pure. */
import type { InstanceTypeResult } from "../../sdk/aws/functions";
import type { Problems } from "../errors";
import type { AwsNodeGroupArgs } from "./args";

/** What AWS says of the group's types. */
export type TypeFacts = Omit<InstanceTypeResult, "zones" | "gpus" | "gpuModel" | "gpuVendor">;

/** Looks whether the types can do what the group asks for. `path` is the group's own. */
export function checkFabric(
  path: string,
  { efa, placementGroup }: Pick<AwsNodeGroupArgs, "efa" | "placementGroup">,
  types: readonly TypeFacts[],
  { publicSubnets }: { publicSubnets: boolean },
  problems: Problems,
): void {
  const without = types.filter(({ efaInterfaces }) => efaInterfaces === 0).map(({ name }) => name);
  const cards = new Set(types.map(({ efaInterfaces, networkCards }) => `${efaInterfaces} of ${networkCards}`));
  if (efa && without.length > 0) {
    problems.add(
      `${path}.efa`,
      `${without.join(", ")} ${without.length === 1 ? "has" : "have"} no Elastic Fabric Adapter`,
    );
  } else if (efa && cards.size > 1) {
    const shapes = types.map((type) => `${type.name} (${type.efaInterfaces} on ${type.networkCards} network cards)`);
    problems.add(
      `${path}.efa`,
      `the types of a group must have equal Elastic Fabric Adapters; split it: ${shapes.join(", ")}`,
    );
  } else if (efa && publicSubnets && types.some(({ networkCards }) => networkCards > 1)) {
    const why = "machines with several adapters get no public address, and the nodes' subnets have no other way out";
    problems.add(`${path}.efa`, why);
  }
  for (const { name, placementStrategies } of types) {
    if (placementGroup !== undefined && !placementStrategies.includes(placementGroup)) {
      const able = placementStrategies.length > 0 ? placementStrategies.join(" or ") : "none";
      problems.add(
        `${path}.placementGroup`,
        `${name} cannot be in a placement group of the kind "${placementGroup}", but in: ${able}`,
      );
    }
  }
}

export interface FabricInterface {
  deviceIndex: number;
  networkCardIndex: number;
  interfaceType: "interface" | "efa" | "efa-only";
}

/**
 * One adapter on each network card. The first carries the machine's address besides; the others carry nothing else, which saves addresses of
 * the subnet. Where there are several, but fewer than cards, the first card has none. Reference: EC2 user guide, "Maximize network bandwidth on
 * Amazon EC2 instances with multiple network cards".
 */
export function fabricInterfaces({ efaInterfaces, networkCards }: TypeFacts): FabricInterface[] {
  const plainFirst = efaInterfaces > 1 && efaInterfaces < networkCards;
  const others = plainFirst ? efaInterfaces : efaInterfaces - 1;
  return [
    { deviceIndex: 0, networkCardIndex: 0, interfaceType: plainFirst ? "interface" : "efa" },
    ...Array.from({ length: others }, (_, index) => ({
      deviceIndex: 1,
      networkCardIndex: index + 1,
      interfaceType: "efa-only" as const,
    })),
  ];
}

export interface Place {
  subnetId: string;
  zone: string;
}

/** Where a group is whose machines are close together: one zone, which offers all of its types. */
export function closestPlace(places: readonly Place[], types: readonly Pick<InstanceTypeResult, "zones">[]): Place {
  // Where none does, the node group's own check says which zones do.
  return places.find(({ zone }) => types.every(({ zones }) => zones.includes(zone))) ?? places[0]!;
}
