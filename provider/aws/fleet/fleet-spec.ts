/** What a node group should be, as its inputs say it, in the fleet's terms. Pure. */
import type * as pulumi from "../../../sdk/pulumi";
import type { NodeGroupArgs } from "../../../sdk/aws/node-group";
import { groupTags, tagKeys, type GroupName } from "../ownership";
import type { FleetShape, FleetTerms } from "./fleet-request";

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
    capacityType: spec.capacityType ?? "on-demand",
    allocationStrategy: spec.allocationStrategy ?? "lowest-price",
    onDemandBase: spec.onDemandBase ?? 0,
  };
}

/** `owner`: the mark of whose it is. */
export function fleetTags(spec: FleetSpec, owner: string): Record<string, string> {
  const { clusterName, name, minSize, maxSize, tags } = spec;
  return {
    Name: `${clusterName}-${name}`,
    ...tags,
    ...groupTags(groupName(spec)),
    [tagKeys.owner]: owner,
    [tagKeys.minSize]: String(minSize),
    [tagKeys.maxSize]: String(maxSize),
  };
}
