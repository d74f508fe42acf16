/** Pairs of type and subnet in which a fleet may start machines. */
import type { EC2Client, FleetData } from "@aws-sdk/client-ec2";
import { isAwsError } from "../errors";
import { readOfferings } from "../instance-types";
import { readZonesOf } from "../preflight/preflight-facts";
import type { FleetShape } from "./fleet-request";

export interface FleetPair {
  readonly instanceType: string;
  readonly subnetId: string;
}

type Offered = Pick<FleetShape, "instanceTypes" | "subnetIds">;

/** Every type in every subnet; types first, so that a preferred type is tried in all zones before the next one. */
export function everyPair({ instanceTypes, subnetIds }: Offered): FleetPair[] {
  return instanceTypes.flatMap((instanceType) => subnetIds.map((subnetId) => ({ instanceType, subnetId })));
}

/**
 * Those that AWS offers: a fleet tries the others again and again, and its history calls them unusable. Of a type that is offered nowhere, and
 * where the caller may not ask, all: the fleet says why.
 */
export async function offeredPairs(ec2: EC2Client, shape: Offered, signal: AbortSignal): Promise<FleetPair[]> {
  const all = everyPair(shape);
  try {
    const [offerings, zones] = await Promise.all([
      readOfferings(ec2, shape.instanceTypes, signal),
      readZonesOf(ec2, shape.subnetIds, signal),
    ]);
    const isOffered = ({ instanceType, subnetId }: FleetPair) =>
      offerings.some((offer) => offer.instanceType === instanceType && offer.zone === zones.get(subnetId));
    const somewhere = new Set(all.filter(isOffered).map(({ instanceType }) => instanceType));
    return all.filter((pair) => !somewhere.has(pair.instanceType) || isOffered(pair));
  } catch (error) {
    if (isAwsError(error, "permission")) return all;
    throw error;
  }
}

export function pairsOf(fleet: FleetData): FleetPair[] {
  return (fleet.LaunchTemplateConfigs?.[0]?.Overrides ?? []).map(({ InstanceType = "", SubnetId = "" }) => ({
    instanceType: InstanceType,
    subnetId: SubnetId,
  }));
}

/** Whether a fleet with these pairs may be what this shape makes: all of its types, in its order, and no other place. */
export function explains(shape: Offered, pairs: readonly FleetPair[]): boolean {
  const has = (list: readonly FleetPair[], { instanceType, subnetId }: FleetPair) =>
    list.some((pair) => pair.instanceType === instanceType && pair.subnetId === subnetId);
  const expected = everyPair(shape).filter((pair) => has(pairs, pair));
  const types = new Set(pairs.map(({ instanceType }) => instanceType));
  return samePairs(expected, pairs) && shape.instanceTypes.every((type) => types.has(type));
}

export function samePairs(a: readonly FleetPair[], b: readonly FleetPair[]): boolean {
  const words = (pairs: readonly FleetPair[]) =>
    JSON.stringify(pairs.map(({ instanceType, subnetId }) => [instanceType, subnetId]));
  return words(a) === words(b);
}
