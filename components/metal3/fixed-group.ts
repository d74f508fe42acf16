import * as pulumi from "../../sdk/pulumi";
import type { TaintArgs } from "../../sdk/kubernetes/taint";
import { nvidiaGpus } from "../addons/gpu/groups";
import type { NodeGroupStatus } from "../cluster";

/** A node group of servers, which has as many as the program says and is moved by nobody. */
export interface FixedGroup {
  name: string;
  count: number;
  machineTypes: string[];
  gpus?: number | undefined;
  gpuModel?: string | undefined;
  taints?: TaintArgs[] | undefined;
}

export function fixedGroupStatus(group: FixedGroup): pulumi.Output<NodeGroupStatus> {
  const { name, count, machineTypes, gpus = 0, gpuModel } = group;
  return pulumi.output(group.taints ?? []).apply((taints): NodeGroupStatus => ({
    name,
    role: "worker",
    minSize: count,
    maxSize: count,
    size: count,
    taints,
    problems: [],
    machineTypes,
    gpus,
    ...(gpuModel !== undefined && { gpuModel }),
    gpuResources: gpus > 0 ? { [nvidiaGpus]: gpus } : {},
  }));
}
