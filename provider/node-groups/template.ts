/** From what a machine is to what its node offers to pods. Pure. */
import type { NodeTaint, NodeTemplate } from "./driver";

export interface MachineShape {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly NodeTaint[];
  readonly architecture: "amd64" | "arm64";
  readonly vcpus: number;
  readonly memoryMib: number;
  /** Root disk; undefined where the cloud does not tell. */
  readonly diskGib: number | undefined;
  /** Devices by the resource's name: `nvidia.com/gpu`. */
  readonly devices: Readonly<Record<string, number>>;
  readonly zones?: readonly string[];
}

/** Hypervisor, firmware and kernel keep part of a machine's memory. Karpenter takes off as much (its `vm-memory-overhead-percent`). */
const memoryOverhead = 0.075;
/** The file system's own, and partitions for booting. */
const diskOverhead = 0.05;
/** Reference: KubeletConfiguration v1beta1, `maxPods`. */
const pods = 110;
/**
 * Reference: KubeletConfiguration v1beta1, `evictionHard`: `memory.available<100Mi`, `nodefs.available<10%`. Neither kubeadm nor kubelet
 * reserves anything else by default (`kubeReserved`, `systemReserved`), so that allocatable is the capacity without these.
 */
const evictionMemoryMib = 100;
const evictionDisk = 0.1;

/** Careful rather than exact: a node that turns out smaller than foretold would be bought again and again for a pod that does not fit. */
export function nodeTemplate(shape: MachineShape): NodeTemplate {
  const memoryMib = Math.floor(shape.memoryMib * (1 - memoryOverhead));
  const diskMib = shape.diskGib === undefined ? undefined : Math.floor(shape.diskGib * 1024 * (1 - diskOverhead));
  const disk = (part: number) => diskMib !== undefined && { "ephemeral-storage": `${Math.floor(diskMib * part)}Mi` };
  const devices = Object.fromEntries(
    Object.entries(shape.devices).flatMap(([name, count]) => (count > 0 ? [[name, String(count)]] : [])),
  );
  const common = { ...devices, cpu: String(shape.vcpus), pods: String(pods) };
  return {
    labels: { "kubernetes.io/os": "linux", "kubernetes.io/arch": shape.architecture, ...shape.labels },
    taints: shape.taints.map(({ key, value, effect }) => ({ key, ...(value ? { value } : {}), effect })),
    capacity: { ...common, memory: `${memoryMib}Mi`, ...disk(1) },
    allocatable: {
      ...common,
      memory: `${Math.max(0, memoryMib - evictionMemoryMib)}Mi`,
      ...disk(1 - evictionDisk),
    },
    ...(shape.zones && { zones: shape.zones }),
  };
}
