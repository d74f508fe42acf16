/** Tags by which everything that this package makes is found again. */
import type { Filter, Tag } from "@aws-sdk/client-ec2";

export { groupTags, tagKeys, type GroupName } from "../../sdk/aws/tag-keys";

export function toTagList(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function fromTagList(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
}

export function tagFilters(tags: Readonly<Record<string, string>>): Filter[] {
  // A filter's value may hold wildcards: escape them.
  return Object.entries(tags).map(([key, value]) => ({
    Name: `tag:${key}`,
    Values: [value.replace(/[\\*?]/g, "\\$&")],
  }));
}

/** The node's `spec.providerID`, as AWS's cloud controller manager writes it. */
export function providerId(zone: string, instanceId: string): string {
  return `aws:///${zone}/${instanceId}`;
}
