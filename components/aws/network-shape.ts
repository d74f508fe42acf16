/** What a new network is by default. Pure. */

export const defaultCidr = "10.0.0.0/16";

/** Zones of a new network: as many as are named, else what all accounts have in the region. */
export function zoneCount({
  zones,
  region,
}: {
  zones: readonly string[] | undefined;
  region: string | undefined;
}): number {
  // New accounts get two of us-west-1's zones.
  return zones?.length ?? (region === "us-west-1" ? 2 : 3);
}
