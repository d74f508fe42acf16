/** The name of a cluster that the project has already, and of whom. */
import { clusterResources, PlannedCluster } from "../../sdk/cudo/planned-cluster";
import { siblingUrn } from "../../sdk/sibling-urn";
import { ownerMark } from "../cloud/owner-mark";
import type { CheckFailure } from "../server/resource";
import type { CudoApi } from "./api";
import { metadataKeys } from "./ownership";
import { isLeaving } from "./vm-state";

export interface NamedCluster {
  clusterName: string;
  /** Of its control plane. */
  vmId: string | undefined;
  groups: readonly string[];
}

/**
 * VMs are told apart by the cluster's name in their metadata, whatever their ids begin with; networks and security groups have no marks. A cluster whose control
 * plane is this one's has the name by right, with all that it has.
 * @param urn of the `PlannedCluster`
 */
export async function takenNameFailures(
  { vms }: CudoApi,
  { clusterName, vmId, groups }: NamedCluster,
  urn: string,
  signal: AbortSignal,
): Promise<CheckFailure[]> {
  const named = (await vms.list(signal)).filter(
    (vm) => !isLeaving(vm) && vm.metadata[metadataKeys.cluster] === clusterName && ownerOf(vm) !== undefined,
  );
  const [, name = ""] = urn.split(`${PlannedCluster.__pulumiType}::`);
  const mark = (type: string, resource: string) => ownerMark(siblingUrn(urn, type, resource));
  const names = clusterResources(name.replace(/-plan$/, ""));
  const controlPlane = mark("gpu-clusters:cudo:Vm", names.controlPlane);
  if (named.some((vm) => vm.id === vmId && ownerOf(vm) === controlPlane)) return [];
  const own = groups.map((group) => mark("gpu-clusters:cudo:NodeGroup", names.nodeGroup(group)));
  const others = named.filter((vm) => ![controlPlane, ...own].includes(ownerOf(vm)!)).map(({ id }) => id);
  if (others.length === 0) return [];
  const reason =
    `ClusterNameInUse: the project has a cluster "${clusterName}" that is not this one (VMs ${others.sort().join(", ")}), and machines are told apart by this name: ` +
    "another clusterName is needed, another namePrefix does not do";
  return [{ property: "clusterName", reason }];
}

function ownerOf({ metadata }: { metadata: Readonly<Record<string, string>> }): string | undefined {
  return metadata[metadataKeys.owner];
}
