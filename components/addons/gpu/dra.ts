import type * as pulumi from "../../../sdk/pulumi";
import { ofAllThere } from "../../left-out";
import { nvidiaDraDriver } from "../../versions";
import type { Toleration } from "../in-cluster";
import type { AddOnPlace } from "../add-on";
import { addOnNamespaces } from "../namespaces";
import { checked } from "../../errors";
import { checkDraVersion } from "./checks";
import { gpuChart } from "./chart";
import type { GpuGroup } from "./groups";

export interface DraPlace extends Pick<AddOnPlace, "kubeconfig" | "own" | "kubernetesVersion"> {
  /** The user's own name of what asked for DRA. */
  modeField: string;
}

/**
 * NVIDIA's driver for Dynamic Resource Allocation by its pinned Helm chart, in the place of the device plugin: GPUs are devices of ResourceSlices,
 * and pods get those that their ResourceClaims name. It runs on nodes with the label `nvidia.com/gpu.present`, which ours have from the join on.
 */
export function draResources(
  name: string,
  groups: readonly GpuGroup[],
  { modeField, ...place }: DraPlace,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const version = place.kubernetesVersion;
  const chart = {
    pinned: nvidiaDraDriver,
    release: "dra-driver-nvidia-gpu",
    namespace: addOnNamespaces.nvidiaDraDriver,
    values: (tolerations: readonly Toleration[]) =>
      ofAllThere([version], (version) => {
        checked("GPU support", version, (problems) => checkDraVersion(modeField, version, problems));
        return draValues(groups, tolerations);
      }),
  };
  return gpuChart(`${name}-dra`, chart, groups, place, options);
}

/** Reference: deployments/helm/dra-driver-nvidia-gpu/values.yaml of kubernetes-sigs/dra-driver-nvidia-gpu. */
function draValues(groups: readonly GpuGroup[], tolerations: readonly Toleration[]) {
  return {
    // The chart asks to be told that nothing else hands out the same GPUs.
    gpuResourcesEnabledOverride: true,
    nvidiaDriverRoot: groups[0]?.driver === "operator" ? "/run/nvidia/driver" : "/",
    // NVLink over several machines: they want driver 570.158 where claims are content with 565, and on others end again and again. The chart's controller is theirs alone.
    resources: { computeDomains: { enabled: false } },
    kubeletPlugin: { tolerations },
  };
}
