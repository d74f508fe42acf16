/** What the node documents of all clouds have in common. Pure. */
import { placeholders, type NodeDocument, type Taint } from "../bootstrap/document";
import { clusterLabel } from "../sdk/names";
import { groupLabels, groupTaints, type GroupMarks } from "./node-marks";

export interface ClusterFacts {
  clusterName: string;
  kubernetesVersion: string;
  certificateAuthority: string;
}

/** Each machine, or its driver, fills in what differs from machine to machine. */
function machineFields({ clusterName, kubernetesVersion, certificateAuthority }: ClusterFacts) {
  return {
    version: 1 as const,
    clusterName,
    nodeName: placeholders.nodeName,
    providerId: placeholders.providerId,
    kubernetesVersion,
    certificateAuthority,
  };
}

export function controlPlaneFields(facts: ClusterFacts): NodeDocument {
  return {
    ...machineFields(facts),
    role: "control-plane",
    labels: { "gpu-clusters/cluster": clusterLabel(facts.clusterName) },
    taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
  };
}

/** What a group gives its nodes. */
export interface MarkedNode extends GroupMarks {
  labels: Readonly<Record<string, string>>;
  taints: readonly Taint[];
  /** Zero for machines without GPUs. */
  gpus: number;
  gpuModel?: string | undefined;
}

export interface GroupFacts extends ClusterFacts, MarkedNode {
  /** Of the API server, as the group's machines reach it. */
  endpoint: string;
}

export function groupFields(facts: GroupFacts): NodeDocument {
  const { gpus, gpuModel, gpuVendor } = facts;
  return {
    ...machineFields(facts),
    role: "worker",
    nodeGroup: facts.group,
    endpoint: facts.endpoint,
    labels: groupLabels(facts, facts.labels),
    taints: groupTaints(facts, facts.taints),
    // The script looks after NVIDIA's container runtime only.
    ...(gpus > 0 &&
      gpuVendor !== "amd" && { gpu: { vendor: "nvidia" as const, count: gpus, ...(gpuModel && { model: gpuModel }) } }),
  };
}
