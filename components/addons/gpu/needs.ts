/** What GPU support is going to need, told at the preview. */
import { amdGpuOperator, nvidiaDraDriver, nvidiaGpuOperator } from "../../versions";
import { chartPlace } from "../chart";
import type { GpuGroup, GpuMode } from "./groups";

/** One sentence for each chart. Our own manifests need no more than what their images are pulled from. */
export function gpuNeeds(
  groups: readonly GpuGroup[],
  { mode, operator }: { mode: GpuMode; operator: boolean },
): string[] {
  const names = (some: readonly GpuGroup[]) => some.map(({ name }) => name).join(", ");
  if (groups[0]?.vendor === "amd")
    return [
      `GPUs of ${names(groups)}: AMD's GPU operator ${amdGpuOperator.version}, a chart of ${chartPlace(amdGpuOperator)}; images must have the ` +
        "driver amdgpu, and nodes fetch from docker.io and registry.k8s.io. When it goes, its chart deletes the definitions of Node Feature Discovery and " +
        "all DeviceConfigs, which others in the cluster may have too",
    ];
  const needs: string[] = [];
  if (operator) {
    const bare = groups.filter(({ driver }) => driver === "operator");
    const partitioned = groups.filter(({ sharing }) => sharing.partitions !== undefined);
    const why = [
      ...(bare.length > 0 ? [`brings the driver to ${names(bare)}, minutes after a node's start`] : []),
      ...(partitioned.length > 0 ? [`partitions the GPUs of ${names(partitioned)}`] : []),
    ];
    needs.push(
      `GPUs: NVIDIA's GPU operator ${nvidiaGpuOperator.version}${why.length > 0 ? ` ${why.join(" and ")}` : ""}, a chart of ${chartPlace(nvidiaGpuOperator)}, and nodes ` +
        "fetch from nvcr.io, registry.k8s.io and, for the driver, Ubuntu's package archive",
    );
  }
  if (mode === "dra")
    needs.push(
      `GPUs: NVIDIA's DRA driver ${nvidiaDraDriver.version}, a chart of ${chartPlace(nvidiaDraDriver)}; it needs Kubernetes ${nvidiaDraDriver.kubernetes} and a driver of 565 or newer`,
    );
  return needs;
}
