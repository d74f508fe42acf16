/** What a node group should be, as its inputs say it, in the fleet's terms. Pure. */
import type * as pulumi from "../../../sdk/pulumi";
import { purchaseOf } from "../../../sdk/aws/capacity";
import type { NodeGroupArgs } from "../../../sdk/aws/node-group";
import { groupTags, tagKeys, type GroupName } from "../ownership";
import type { FleetShape, FleetTerms } from "./fleet-request";
import { reservedTag } from "./reserved-mark";

/** The unwrapped inputs of `aws:NodeGroup`. */
export type FleetSpec = pulumi.Unwrap<NodeGroupArgs>;

export function groupName({ clusterName, name }: Pick<FleetSpec, "clusterName" | "name">): GroupName {
  return { clusterName, nodeGroup: name };
}

export function shapeOfSpec(spec: FleetSpec): FleetShape & FleetTerms {
  return {
    launchTemplateId: spec.launchTemplateId,
    launchTemplateVersion: String(spec.launchTemplateVersion),
    instanceTypes: spec.instanceTypes,
    subnetIds: spec.subnetIds,
    ...termsOf(spec),
  };
}

export function termsOf({ capacity }: Pick<FleetSpec, "capacity">): FleetTerms {
  const { onDemand, spot } = capacity ?? {};
  return {
    ...purchaseOf(capacity),
    allocationStrategy: (spot ?? onDemand)?.allocationStrategy ?? "lowest-price",
    onDemandBase: spot?.onDemandBase ?? 0,
  };
}

/** The inputs that such a fleet has. */
export function capacityOf(terms: FleetTerms): FleetSpec["capacity"] {
  const { capacityType, allocationStrategy, onDemandBase, reserved } = terms;
  if (reserved?.id !== undefined) return { [reserved.kind]: { id: reserved.id } };
  if (capacityType === "spot") return { spot: { allocationStrategy, onDemandBase } };
  return { onDemand: { allocationStrategy: allocationStrategy === "prioritized" ? "prioritized" : "lowest-price" } };
}

/** `owner`: the mark of whose it is. */
export function fleetTags(spec: FleetSpec, owner: string): Record<string, string> {
  const { clusterName, name, minSize, maxSize, tags, capacity } = spec;
  return {
    Name: `${clusterName}-${name}`,
    ...tags,
    ...groupTags(groupName(spec)),
    [tagKeys.owner]: owner,
    [tagKeys.minSize]: String(minSize),
    [tagKeys.maxSize]: String(maxSize),
    ...reservedTag(capacity),
  };
}
