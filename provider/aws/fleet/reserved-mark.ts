/** The mark of a fleet that makes no machines, because its group launches them into what is reserved: an import knows the group by it. Pure. */
import { reservedOf, type Reserved } from "../../../sdk/aws/capacity";
import { tagKeys } from "../ownership";
import type { FleetSpec } from "./fleet-spec";

export function reservedTag(capacity: FleetSpec["capacity"]): Record<string, string> {
  const reserved = reservedOf(capacity);
  return reserved ? { [tagKeys.reserved]: `${reserved.kind}:${reserved.id}` } : {};
}

export function reservedFromTags(tags: Readonly<Record<string, string>>): Reserved | undefined {
  const [kind, id] = tags[tagKeys.reserved]?.split(":") ?? [];
  return id === undefined ? undefined : { kind: kind as Reserved["kind"], id };
}
