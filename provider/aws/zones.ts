/** Availability zones that machines can be in. */
import { counted } from "../../sdk/counted";
import { DescribeAvailabilityZonesCommand, type AvailabilityZone, type EC2Client } from "@aws-sdk/client-ec2";
import type { CheckFailure } from "../server/resource";

/**
 * Zones that some accounts have, without instance types of the last years, and without some services.
 * Reference: EKS user guide, "Subnet requirements and considerations", whose control planes are not in them either.
 */
const withoutRecentTypes = ["use1-az3", "usw1-az2", "cac1-az3"];

export async function readZones(ec2: EC2Client, signal: AbortSignal): Promise<AvailabilityZone[]> {
  const command = new DescribeAvailabilityZonesCommand({ AllAvailabilityZones: true });
  const { AvailabilityZones } = await ec2.send(command, { abortSignal: signal });
  return [...(AvailabilityZones ?? [])].sort((a, b) => (a.ZoneName ?? "").localeCompare(b.ZoneName ?? ""));
}

/** Zones of the region itself: not those near a city or a phone network, nor those that an account must opt into. */
function regularZones(zones: readonly AvailabilityZone[]): AvailabilityZone[] {
  return zones.filter(
    ({ State, ZoneType = "availability-zone", OptInStatus = "opt-in-not-required", ZoneId = "" }) =>
      State === "available" &&
      ZoneType === "availability-zone" &&
      OptInStatus === "opt-in-not-required" &&
      !withoutRecentTypes.includes(ZoneId),
  );
}

/** Why machines cannot be put into a zone of this name; undefined: they can. */
function zoneRefusal(name: string, zones: readonly AvailabilityZone[], region: string): string | undefined {
  const zone = zones.find(({ ZoneName }) => ZoneName === name);
  const byId = zones.find(({ ZoneId }) => ZoneId === name);
  if (byId) return `"${name}" is the id of a zone, whose name for this account is "${byId.ZoneName}"`;
  if (!zone) {
    const names = regularZones(zones).map(({ ZoneName }) => ZoneName);
    return `"${name}" is no zone of ${region}; there are: ${names.join(", ")}`;
  }
  const irregular = irregularZone(zone);
  if (irregular !== undefined) return `"${name}" is ${irregular}`;
  return zone.OptInStatus === "not-opted-in" ? `"${name}" is not switched on for this account` : undefined;
}

export interface ChosenZones {
  readonly zones: string[];
  readonly failures: CheckFailure[];
}

/** Those that are named, else the region's first. `property` is what they are named by. */
export async function chooseZones(
  { ec2, region }: { ec2: EC2Client; region: string },
  { count, names }: { count: number; names?: string[] | undefined },
  property: string,
  signal: AbortSignal,
): Promise<ChosenZones> {
  const zones = await readZones(ec2, signal);
  if (names) {
    const failures = names.flatMap((name, index) => {
      const reason = zoneRefusal(name, zones, region);
      return reason === undefined ? [] : [{ property: `${property}[${index}]`, reason }];
    });
    return { zones: names, failures };
  }
  const found = regularZones(zones).flatMap(({ ZoneName }) => ZoneName ?? []);
  if (found.length >= count) return { zones: found.slice(0, count), failures: [] };
  const reason = `${region} has ${counted(found.length, "zone")} for this account (${found.join(", ")}), not ${count}: name those to use`;
  return { zones: [], failures: [{ property, reason }] };
}

/** What a zone is, and lacks, that is none of the region itself. */
export function irregularZone({ ZoneType = "availability-zone" }: AvailabilityZone = {}): string | undefined {
  if (ZoneType === "availability-zone") return undefined;
  return `a ${ZoneType.replace(/-zone$/, " zone")}, which has no load balancers and NAT gateways as a cluster needs them`;
}
