/** What the add-on must know of node groups with GPUs, and what it is asked for. Light: it brings nothing of Kubernetes' provider. */
import * as pulumi from "../../../sdk/pulumi";
import type { GpuSharingArgs } from "../../../sdk/kubernetes/gpu-sharing";
import type { ToldChoiceArgs } from "../../../sdk/kubernetes/lasting-choices";
import type { TaintArgs } from "../../../sdk/kubernetes/taint";
import { known } from "../../inputs";

/** What NVIDIA's device plugin calls whole GPUs, and turns on them. */
export const nvidiaGpus = "nvidia.com/gpu";

/** How pods ask for GPUs: as a number of `nvidia.com/gpu`, or by ResourceClaims. */
export type GpuMode = "plugin" | "dra";

/** What a cluster's groups say of their GPUs. */
export interface GpuFields {
  name: string;
  /** GPUs per node. */
  gpus: pulumi.Input<number>;
  taints?: pulumi.Input<pulumi.Input<TaintArgs>[]> | undefined;
  gpuSharing?: GpuSharingArgs | undefined;
  /** Default: `nvidia`. */
  gpuVendor?: "nvidia" | "amd" | undefined;
  /** Default: `image`. */
  gpuDriver?: "image" | "operator" | undefined;
}

/** The nodes of a group, and their GPUs. */
export interface GpuGroup {
  /** Value of the nodes' label `gpu-clusters/node-group`. */
  name: string;
  taints: pulumi.Input<pulumi.Input<TaintArgs>[]>;
  sharing: GpuSharingArgs;
  vendor: "nvidia" | "amd";
  driver: "image" | "operator";
}

/** Those with GPUs, as far as that is known. The order in which they are given says nothing. */
export function gpuGroups(groups: readonly GpuFields[]): GpuGroup[] {
  return groups
    .filter(({ gpus }) => known(gpus) !== 0)
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, taints, gpuSharing, gpuVendor, gpuDriver }) => ({
      name,
      taints: taints ?? [],
      sharing: gpuSharing ?? {},
      vendor: gpuVendor ?? "nvidia",
      driver: gpuDriver ?? "image",
    }));
}

/** NVIDIA's operator does all where it must do something: bring a driver, or partition GPUs. */
export function needsOperator(groups: readonly GpuGroup[]): boolean {
  return groups.some(
    ({ vendor, driver, sharing }) => vendor === "nvidia" && (driver === "operator" || sharing.partitions !== undefined),
  );
}

/** Whether pods share some of their GPUs by turns. */
export function takesTurns(groups: readonly GpuGroup[]): boolean {
  return groups.some(({ sharing }) => sharing.timeSlicing !== undefined);
}

/**
 * Labels of nodes by which what is installed in a cluster knows what to do there. Those that it finds out itself, such as a GPU's product, groups may
 * have from the beginning.
 */
export const ownLabels: ReadonlySet<string> = new Set([
  "nvidia.com/gpu.present",
  "nvidia.com/gpu.deploy.driver",
  "nvidia.com/gpu.deploy.container-toolkit",
  "nvidia.com/mig.config",
  "nvidia.com/device-plugin.config",
]);

/** The group with the labels by which NVIDIA's operator, where the cluster has it, knows what is to be done on its nodes. */
export function withOperatorLabels<
  Group extends { labels?: pulumi.Input<Record<string, pulumi.Input<string>>> | undefined },
>(group: Group, fields: GpuFields, all: readonly GpuFields[]): Group {
  const [own] = gpuGroups([fields]);
  if (own === undefined || !needsOperator(gpuGroups(all))) return group;
  const marks = {
    ...(own.driver === "image" && {
      "nvidia.com/gpu.deploy.driver": "false",
      "nvidia.com/gpu.deploy.container-toolkit": "false",
    }),
    ...(own.sharing.partitions && { "nvidia.com/mig.config": own.name }),
    ...(own.sharing.timeSlicing !== undefined && { "nvidia.com/device-plugin.config": own.name }),
  };
  const labels = pulumi.output(group.labels ?? {}).apply((labels) => ({ ...labels, ...marks }));
  return { ...group, labels };
}

/** What pods that run notice of another choice: kubelet leaves them what they have. */
const unnoticed =
  "pods that run keep the GPUs that they have, and what hands them out from then on does not know of that: others may get the same ones. Drain the nodes first";

/** What the preview tells of when it changes, by the user's own name. */
export function toldChoices(
  fields: readonly GpuFields[],
  { gpu = true, gpuMode = "plugin" }: { gpu?: boolean | undefined; gpuMode?: GpuMode | undefined },
): Record<string, ToldChoiceArgs> {
  const groups = gpu ? gpuGroups(fields) : [];
  const sharing = groups.map(({ name, sharing }) => [
    `gpuSharing of nodeGroups "${name}"`,
    { value: inWords(sharing), meaning: sharing.partitions === undefined ? unnoticed : partitionedLater },
  ]);
  return {
    ...(groups.length > 0 && { gpuMode: { value: gpuMode, meaning: unnoticed } }),
    ...(Object.fromEntries(sharing) as Record<string, ToldChoiceArgs>),
  };
}

const partitionedLater =
  "NVIDIA's operator partitions the GPUs of a node once none of its pods has one, and until then the node offers what it has. Drain the nodes to have it now";

function inWords({ timeSlicing, mig, partitions = {} }: GpuSharingArgs): string {
  if (timeSlicing !== undefined) return `timeSlicing ${timeSlicing}`;
  if (mig === undefined) return "whole GPUs";
  const sizes = Object.entries(partitions).map(([size, count]) => `${count} × ${size}`);
  return [`mig "${mig}"`, ...sizes.sort()].join(", ");
}

/** How many GPUs a group's nodes say that they have; of partitions that the image makes, at least one. */
export function advertisedGpus({ gpus, gpuSharing = {} }: GpuFields): pulumi.Output<number> {
  const { timeSlicing = 1, mig, partitions } = gpuSharing;
  const each = partitions && Object.values(partitions).reduce((sum, count) => sum + count, 0);
  return pulumi
    .output(gpus)
    .apply((count) =>
      each !== undefined ? count * each : mig === undefined ? count * timeSlicing : Math.min(count, 1),
    );
}

/** Whether nodes will offer GPUs under the one name that all know, and not partitions under names of their own, or none. */
export function countsGpus({ gpuSharing }: Pick<GpuFields, "gpuSharing">, mode: GpuMode): boolean {
  return mode === "plugin" && gpuSharing?.mig !== "mixed";
}

/** What an autoscaler may count on of a node to come: rather less than there will be, and nothing that pods cannot ask for by one number. */
export function offeredGpus(fields: GpuFields, mode: GpuMode): { name?: string; count: pulumi.Output<number> } {
  const { gpuVendor, gpuSharing: { mig, partitions } = {} } = fields;
  const none = { count: pulumi.output(0) };
  if (mode === "dra") return none;
  if (gpuVendor === "amd") return { name: "amd.com/gpu", count: advertisedGpus(fields) };
  if (mig !== "mixed") return { count: advertisedGpus(fields) };
  const [size, ...others] = Object.keys(partitions ?? {});
  if (size === undefined || others.length > 0) return none;
  // Kubernetes takes no + in a name, and NVIDIA's device plugin writes it so.
  return { name: `nvidia.com/mig-${size.replaceAll("+", ".")}`, count: advertisedGpus(fields) };
}

/** The same as a pod's limits have it. */
export function gpuResources(fields: GpuFields, mode: GpuMode): pulumi.Output<Record<string, number>> {
  const { name = nvidiaGpus, count } = offeredGpus(fields, mode);
  return count.apply((count): Record<string, number> => (count === 0 ? {} : { [name]: count }));
}
