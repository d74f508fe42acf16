import { RuntimeClass } from "@pulumi/kubernetes/node/v1/runtimeClass";
import type * as pulumi from "../../../sdk/pulumi";
import { devicePlugins } from "./device-plugin";
import type { GpuGroup, GpuMode } from "./groups";
import { gpuMetrics } from "./metrics";
import { nodeFeatures } from "./node-features";
import { runtimeClass } from "./place";

/**
 * What makes GPUs of nodes into `nvidia.com/gpu` that pods ask for, on nodes whose image has the driver: NVIDIA's device plugin, GPU feature
 * discovery with the labels that it makes, metrics, and the RuntimeClass `nvidia` for pods that look after GPUs.
 *
 * Returns what the nodes' readiness waits for.
 */
export function gpuSupportResources(
  name: string,
  groups: readonly GpuGroup[],
  mode: GpuMode,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const runtime = new RuntimeClass(
    `${name}-runtime`,
    { metadata: { name: runtimeClass }, handler: runtimeClass },
    options,
  );
  const features = nodeFeatures(name, groups, options);
  const after = {
    ...options,
    dependsOn: [...([options.dependsOn ?? []].flat() as pulumi.Resource[]), runtime, ...features],
  };
  gpuMetrics(name, groups, mode, after);
  return devicePlugins(name, groups, mode, after);
}
