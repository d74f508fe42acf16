/** What the add-on must know of node groups with GPUs, and what it is asked for. Light: it brings nothing of Kubernetes' provider. */
import * as pulumi from "../../../sdk/pulumi";
import type { GpuSharingArgs } from "../../../sdk/kubernetes/gpu-sharing";
import type { TaintArgs } from "../../../sdk/kubernetes/taint";
import { checkChoice } from "../../checks";
import type { Problems } from "../../errors";
import { known } from "../../inputs";

/** What a cluster's groups say of their GPUs. */
export interface GpuFields {
  name: string;
  /** GPUs per node. */
  gpus: pulumi.Input<number>;
  taints?: pulumi.Input<pulumi.Input<TaintArgs>[]> | undefined;
  gpuSharing?: GpuSharingArgs | undefined;
}

/** The nodes of a group, and their GPUs. */
export interface GpuGroup {
  /** Value of the nodes' label `gpu-clusters/node-group`. */
  name: string;
  taints: pulumi.Input<pulumi.Input<TaintArgs>[]>;
  sharing: GpuSharingArgs;
}

/** Those with GPUs, as far as that is known. The order in which they are given says nothing. */
export function gpuGroups(groups: readonly GpuFields[]): GpuGroup[] {
  return groups
    .filter(({ gpus }) => known(gpus) !== 0)
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, taints, gpuSharing }) => ({
      name,
      taints: taints ?? [],
      sharing: gpuSharing ?? {},
    }));
}

/** How many GPUs a group's nodes say that they have; of partitions, at least one. */
export function advertisedGpus({ gpus, gpuSharing = {} }: GpuFields): pulumi.Output<number> {
  const { timeSlicing = 1, mig } = gpuSharing;
  return pulumi.output(gpus).apply((count) => (mig === undefined ? count * timeSlicing : Math.min(count, 1)));
}

export function checkGpuSharing(path: string, { gpus, gpuSharing }: GpuFields, problems: Problems): void {
  if (gpuSharing === undefined) return;
  const { timeSlicing, mig } = gpuSharing;
  if (known(gpus) === 0) problems.add(path, "is for groups with GPUs, and this one has none");
  if ((timeSlicing === undefined) === (mig === undefined)) problems.add(path, "must have one of timeSlicing and mig");
  if (timeSlicing !== undefined && !(Number.isInteger(timeSlicing) && timeSlicing >= 2 && timeSlicing <= 48))
    problems.add(`${path}.timeSlicing`, `must be a whole number from 2 to 48, is ${timeSlicing}`);
  checkChoice(`${path}.mig`, mig, ["single", "mixed"], problems);
}
