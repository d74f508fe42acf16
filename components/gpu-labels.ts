/** Labels that tell of a node's GPUs before any software on it can: the autoscaler has them too, for groups without nodes. Pure. */

/** The kinds of one model that do not matter for who may run where. */
const kinds = new Set(["nvidia", "tesla", "pcie", "sxm", "sxm4", "sxm5", "nvl"]);

/** What SkyPilot calls a model: `H100 SXM` is `h100`, `A100 80GB PCIe` is `a100-80gb`. */
export function acceleratorName(model: string): string {
  return model
    .toLowerCase()
    .replace(/\(.*?\)/g, "")
    .replace(/\brtx /g, "rtx")
    .split(/[^a-z0-9.]+/)
    .filter((word) => word !== "" && !kinds.has(word))
    .join("-");
}

export interface GpuFacts {
  /** Per node. */
  gpus?: number;
  gpuModel?: string | undefined;
  /** Default: `nvidia`. */
  gpuVendor?: "nvidia" | "amd" | undefined;
  /** A device plugin of the cluster's advertises them whole, as a number. */
  countedGpus?: boolean | undefined;
}

/**
 * A node with it that offers no GPU counts as not ready for cluster-autoscaler, so that it does not buy another one while the first one's device
 * plugin starts. Nodes that never offer any by number must not have it.
 */
export const gpuLabel = "gpu-clusters/gpu";

/** None for nodes without GPUs. */
export function gpuLabels({ gpus = 0, gpuModel, gpuVendor = "nvidia", countedGpus }: GpuFacts): Record<string, string> {
  const name = acceleratorName(gpuModel ?? "");
  const labels: Record<string, string> = {};
  if (gpus > 0 && gpuVendor === "nvidia") labels["nvidia.com/gpu.present"] = "true";
  if (gpus > 0 && name !== "") labels["skypilot.co/accelerator"] = name;
  if (gpus > 0 && countedGpus) labels[gpuLabel] = name || gpuVendor;
  return labels;
}
