/** Labels and taints that mark the nodes of a group, on every cloud. Pure. */
import type { Taint } from "../bootstrap/document";
import { clusterLabel } from "../sdk/names";
import { gpuLabels, type GpuFacts } from "./gpu-labels";

export interface GroupMarks extends GpuFacts {
  clusterName: string;
  group: string;
  role: "control" | "worker";
}

const controlTaint: Taint = { key: "gpu-clusters/role", value: "control", effect: "NoSchedule" };

export function groupLabels(
  { clusterName, group, role, ...gpus }: GroupMarks,
  labels: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    ...gpuLabels(gpus),
    ...labels,
    "gpu-clusters/cluster": clusterLabel(clusterName),
    "gpu-clusters/node-group": group,
    "gpu-clusters/role": role,
  };
}

export function groupTaints({ role }: Pick<GroupMarks, "role">, taints: readonly Taint[]): Taint[] {
  return role === "control" ? [controlTaint, ...taints] : [...taints];
}
