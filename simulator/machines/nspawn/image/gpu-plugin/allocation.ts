/** Which GPUs a machine has, and what a container gets of them. Pure. */
import { field, fields } from "./wire";

/** Ids of what is advertised: each device as often as it is shared, as NVIDIA's plugin names them. */
export function advertised(devices: readonly string[], shares: number): string[] {
  return devices.flatMap((_, index) =>
    shares === 1 ? [`GPU-${index}`] : Array.from({ length: shares }, (_each, share) => `GPU-${index}::${share}`),
  );
}

/** A ListAndWatchResponse. */
export function listing(ids: readonly string[]): Buffer {
  return Buffer.concat(ids.map((id) => field(1, [field(1, id), field(2, "Healthy")])));
}

/** An AllocateResponse: for each container its devices, which nobody else sees, and their names. */
export function allocation(request: Buffer, devices: readonly string[]): Buffer {
  const containers = fields(request).map((container) => fields(container).map((id) => id.toString()));
  return Buffer.concat(
    containers.map((ids) => {
      const whole = [...new Set(ids.map((id) => id.replace(/::.*/, "")))];
      const files = whole.map((id) => devices[Number(id.replace("GPU-", ""))]!);
      return field(1, [
        field(1, [field(1, "NVIDIA_VISIBLE_DEVICES"), field(2, whole.join(","))]),
        ...files.map((file) => field(3, [field(1, file), field(2, file), field(3, "rw")])),
      ]);
    }),
  );
}

/** How many pods share a GPU, by the plugin's own configuration. */
export function sharesOf(configuration: string): number {
  const { sharing } = JSON.parse(configuration) as {
    sharing?: { timeSlicing?: { resources?: { replicas: number }[] } };
  };
  return sharing?.timeSlicing?.resources?.[0]?.replicas ?? 1;
}
