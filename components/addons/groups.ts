/** What services make of a cluster's groups. */
import * as pulumi from "../../sdk/pulumi";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { PerCluster } from "../per-cluster";
import { nvidiaGpus } from "./gpu/groups";
import { onAnyNode, onControlGroups, onNodesWith, usualGpuTaint, type Toleration } from "./in-cluster";
import { ofAllThere } from "../left-out";

/** A group as it is asked for, whether it is there or not. */
export type GroupPlan = Omit<NodeGroupStatus, "size" | "problems">;

/** Those of clusters that are made by this package: known at a first preview, too. */
export const groupPlans = new PerCluster<pulumi.Output<GroupPlan>[]>();

/** What of a cluster's machines its groups do not say. */
export interface NodeFacts {
  /** Nodes have no label of their group, nor does anybody know their taints. */
  unmarked?: boolean;
  /** Volumes of the shared class are a path that nodes of groups alone have: elsewhere they are an empty directory of the machine's own disk. */
  filesOnWorkers?: boolean;
}

/** None of a cluster: nodes say which group they are of, and all machines reach the shared files. */
export const nodeFacts = new PerCluster<NodeFacts>();

/** The group as it is. */
export function statusOf(
  plan: pulumi.Output<GroupPlan>,
  { size, problems }: { size: pulumi.Output<number>; problems: pulumi.Output<string[]> },
): pulumi.Output<NodeGroupStatus> {
  return pulumi.all([plan, size, problems]).apply(([plan, size, problems]) => ({ ...plan, size, problems }));
}

/** Whether the group can have nodes for what users run. */
export function hasWorkers({ role, maxSize }: Pick<NodeGroupStatus, "role" | "maxSize">): boolean {
  return role === "worker" && maxSize > 0;
}

/** Whether nothing keeps pods off its nodes. */
export function isOpen({ taints }: Pick<NodeGroupStatus, "taints">): boolean {
  return taints.every(({ effect }) => effect === "PreferNoSchedule");
}

/** Where pods of a service's own run, beside those that it runs for users. */
export function servicePlace(
  groups: readonly Pick<NodeGroupStatus, "role" | "maxSize" | "taints">[],
  { unmarked = false, filesOnWorkers = false }: NodeFacts = {},
  hasSharedFiles: boolean,
): Toleration[] {
  const own = unmarked ? [usualGpuTaint] : [];
  if (!hasSharedFiles || !filesOnWorkers) return [...onAnyNode, ...own];
  const hasPlace = groups.some((group) => group.maxSize > 0 && (group.role === "control" || isOpen(group)));
  return [onControlGroups, ...(hasPlace ? own : onNodesWith(groups.flatMap(({ taints }) => taints)))];
}

/** Whether its nodes have GPUs, and pods ask for them by something else than a number. */
function hasUncounted({ gpus, gpuResources }: GroupPlan): boolean {
  return gpus > 0 && Object.keys(gpuResources).length === 0;
}

/** As early as they are known. */
function plansOf(cluster: KubernetesCluster): pulumi.Output<GroupPlan[]> {
  const planned = groupPlans.get(cluster);
  return planned ? pulumi.all(planned) : cluster.nodeGroups;
}

/** Of who asks for NVIDIA's GPUs by their number, and for nothing else. */
export function warnOfOtherGpus(cluster: KubernetesCluster, platform: string, resource: pulumi.Resource): void {
  ofAllThere([plansOf(cluster)], (groups) => {
    const without = groups.filter(({ gpus, gpuResources }) => gpus > 0 && gpuResources[nvidiaGpus] === undefined);
    if (without.length > 0)
      void pulumi.log.warn(
        `cluster: ${platform} asks for ${nvidiaGpus} alone, and so gives nobody the GPUs of ${without.map(({ name }) => name).join(", ")}, which are ` +
          'AMD\'s, partitions by their size, or given by ResourceClaims (gpuMode "dra")',
        resource,
      );
  });
}

/** What looks right everywhere, and gives nobody what he came for. `noGroups` says what is missing without any, and what to do. */
export function warnOfGroups(
  cluster: KubernetesCluster,
  { service, noGroups }: { service: string; noGroups: string },
  resource: pulumi.Resource,
): void {
  const warn = (words: string) => void pulumi.log.warn(`cluster: ${words}`, resource);
  ofAllThere([plansOf(cluster)], (groups) => {
    const workers = groups.filter(hasWorkers);
    if (workers.length > 1 && nodeFacts.get(cluster)?.unmarked)
      warn(
        `its nodes do not say which group they are of, so that ${service}'s pods for one run on any with as many GPUs free`,
      );
    if (workers.length === 0) warn(`has no group with the role "worker" and a maxSize above 0, so that ${noGroups}`);
    const without = workers.filter(hasUncounted).map(({ name }) => name);
    if (without.length > 0)
      warn(
        `${service} gives nobody the GPUs of ${without.join(", ")}, which pods do not ask for by a number: take gpuMode "plugin" in the place of "dra", ` +
          "and for partitions one size for each group (gpuSharing.partitions)",
      );
  });
}
