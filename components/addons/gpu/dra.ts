import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import type * as pulumi from "../../../sdk/pulumi";
import { nvidiaDraDriver } from "../../versions";
import { chartSource } from "../chart";
import type { Toleration } from "../in-cluster";
import type { GpuGroup } from "./groups";
import { tolerationsOf } from "./scheduling";

const namespace = "dra-driver-nvidia-gpu";

/**
 * NVIDIA's driver for Dynamic Resource Allocation by its pinned Helm chart, in the place of the device plugin: GPUs are devices of ResourceSlices,
 * and pods get those that their ResourceClaims name. It runs on nodes with the label `nvidia.com/gpu.present`, which ours have from the join on.
 */
export function draResources(
  name: string,
  groups: readonly GpuGroup[],
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const place = new Namespace(
    `${name}-dra-namespace`,
    { metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
    options,
  );
  const release = new Release(
    `${name}-dra`,
    {
      name: namespace,
      ...chartSource(nvidiaDraDriver),
      namespace: place.metadata.name,
      skipAwait: true,
      values: tolerationsOf(groups).apply((tolerations) => draValues(groups, tolerations)),
    },
    options,
  );
  return [place, release];
}

/** Reference: deployments/helm/dra-driver-nvidia-gpu/values.yaml of kubernetes-sigs/dra-driver-nvidia-gpu. */
export function draValues(groups: readonly GpuGroup[], tolerations: readonly Toleration[]) {
  return {
    // The chart asks to be told that nothing else hands out the same GPUs.
    gpuResourcesEnabledOverride: true,
    nvidiaDriverRoot: groups[0]?.driver === "operator" ? "/run/nvidia/driver" : "/",
    kubeletPlugin: { tolerations },
    controller: { tolerations: [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists" }, ...tolerations] },
  };
}
