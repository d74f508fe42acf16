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

/** How kubelet is told of a container's devices. */
export type Way = (devices: readonly string[], files: readonly string[]) => Buffer[];

/** The devices' files, and their names for NVIDIA's runtime. */
export const byFiles: Way = (devices, files) => [
  field(1, [field(1, "NVIDIA_VISIBLE_DEVICES"), field(2, devices.join(","))]),
  ...files.map((file) => field(3, [field(1, file), field(2, file), field(3, "rw")])),
];

/** Names that containerd looks up in a specification. */
export const byCdi: Way = (devices) => devices.map((device) => field(5, [field(1, `${cdiKind}=${device}`)]));

/** An AllocateResponse: for each container its devices, which nobody else sees. */
export function allocation(request: Buffer, files: readonly string[], way: Way): Buffer {
  const containers = fields(request).map((container) => fields(container).map((id) => id.toString()));
  return Buffer.concat(
    containers.map((ids) => {
      const whole = [...new Set(ids.map((id) => id.replace(/::.*/, "")))];
      const theirs = whole.map((id) => files[Number(id.replace("GPU-", ""))]!);
      return field(1, way(whole, theirs));
    }),
  );
}

const cdiKind = "k8s.device-plugin.nvidia.com/gpu";

/** What containerd reads of the machine's GPUs (reference: CDI specification 0.6.0); `hook` is called for each container. */
export function cdiSpecification(files: readonly string[], hook: string): object {
  return {
    cdiVersion: "0.6.0",
    kind: cdiKind,
    devices: files.map((path, index) => ({ name: `GPU-${index}`, containerEdits: { deviceNodes: [{ path }] } })),
    containerEdits: {
      // NVIDIA's runtime must not add others.
      env: ["NVIDIA_VISIBLE_DEVICES=void"],
      hooks: [{ hookName: "createContainer", path: hook, args: ["nvidia-cdi-hook", "update-ldcache"] }],
    },
  };
}

/** As much as the stand-in knows of the plugin's own configuration. */
export interface Configuration {
  sharing?: { timeSlicing?: { resources?: { replicas: number }[] } };
  flags?: { plugin?: { deviceListStrategy?: string[]; nvidiaCTKPath?: string } };
}

/** How many pods share a GPU. */
export function sharesOf({ sharing }: Configuration): number {
  return sharing?.timeSlicing?.resources?.[0]?.replicas ?? 1;
}

/** The hook of the specification, where there is to be one. */
export function cdiHookOf({ flags }: Configuration): string | undefined {
  const { deviceListStrategy = [], nvidiaCTKPath = "/usr/bin/nvidia-ctk" } = flags?.plugin ?? {};
  return deviceListStrategy.includes("cdi-cri") ? nvidiaCTKPath : undefined;
}
