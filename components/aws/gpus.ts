import * as pulumi from "../../sdk/pulumi";
import type { GpuFields } from "../addons/gpu/groups";
import { known, knownElements } from "../inputs";
import type { AwsNodeGroupArgs } from "./args";
import { gpusOf } from "./instance-types";

/** Per node: as given, else what the first type's name tells. Config may have no list there, which the schema's check tells. */
export function groupGpus({ gpus, instanceTypes }: AwsNodeGroupArgs): pulumi.Output<number> {
  return pulumi.all([gpus, instanceTypes]).apply(([given, types]) => given ?? gpusOf(String([types].flat()[0] ?? "")));
}

/** For those who want to know before a cloud answers whether there are GPUs at all. */
export function gpuFields(group: AwsNodeGroupArgs): GpuFields {
  const { name, taints, gpuSharing, gpuVendor, gpuDriver } = group;
  const type = knownElements(group.instanceTypes)?.[0];
  const byName = group.gpus === undefined && type !== undefined ? gpusOf(type) : undefined;
  return { name, taints, gpuSharing, gpuVendor, gpuDriver, gpus: known(group.gpus) ?? byName ?? groupGpus(group) };
}
