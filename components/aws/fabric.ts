/** Fast networks between a group's machines: where its machines and their adapters are. Pure. */
import type { InstanceTypeResult } from "../../sdk/aws/functions";

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
export function fabricInterfaces({
  efaInterfaces,
  networkCards,
}: Pick<InstanceTypeResult, "efaInterfaces" | "networkCards">): FabricInterface[] {
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
