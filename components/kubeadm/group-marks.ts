/** What the nodes of a group are marked with, where we boot its machines: their document says it, and so does the group to the autoscaler. */
import * as pulumi from "../../sdk/pulumi";
import type { GpuSharingArgs } from "../../sdk/kubernetes/gpu-sharing";
import type { TaintArgs } from "../../sdk/kubernetes/taint";
import { countsGpus, type GpuMode } from "../addons/gpu/groups";
import type { MarkedNode } from "../node-documents";
import { groupLabels, groupTaints } from "../node-marks";

export interface MarkedGroup {
  name: string;
  role: "control" | "worker";
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  taints?: pulumi.Input<pulumi.Input<TaintArgs>[]>;
  gpuVendor?: "nvidia" | "amd";
  gpuSharing?: GpuSharingArgs;
}

/** Of the group's cluster. */
export interface MarkingCluster {
  clusterName: string;
  gpuMode: GpuMode;
  /** Whether the cluster sees to its GPUs itself. */
  gpuSupport: boolean;
}

export function groupMarks(
  { clusterName, gpuMode, gpuSupport }: MarkingCluster,
  group: MarkedGroup,
  gpus: pulumi.Input<number>,
  gpuModel: pulumi.Input<string | undefined>,
) {
  const own = pulumi.output(group.taints ?? []);
  /** For the node's document. */
  const facts: pulumi.Output<MarkedNode> = pulumi
    .all([pulumi.output(group.labels ?? {}), own, gpus, gpuModel])
    .apply(([labels, taints, gpus, gpuModel]) => ({
      clusterName,
      group: group.name,
      role: group.role,
      gpuVendor: group.gpuVendor,
      countedGpus: gpuSupport && countsGpus(group, gpuMode),
      labels,
      taints,
      gpus,
      gpuModel,
    }));
  return {
    facts,
    labels: facts.apply(({ labels, ...rest }) => groupLabels(rest, labels)),
    taints: own.apply((taints) => groupTaints(group, taints)),
  };
}
