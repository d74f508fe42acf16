/** Hosts, and what VMs leave free on them. */
import { machineTypes, type MachineType } from "./catalogue-data";
import { concerns, type Conditions } from "./conditions";
import type { CudoState } from "./model";

export interface HostRoom {
  vcpus: number;
  memoryGib: number;
  gpus: number;
  storageGib: number;
}

export function findMachineType(dataCenterId: string, id: string): MachineType | undefined {
  return machineTypes.find((type) => type.dataCenterId === dataCenterId && type.id === id);
}

/** What is free on each host of a machine type. Every VM that exists takes its room, also a stopped or failed one. */
export function freeRoom(state: CudoState, type: MachineType): HostRoom[] {
  const rooms: HostRoom[] = Array.from({ length: type.hosts }, () => ({ ...type.host }));
  for (const vm of Object.values(state.vms)) {
    const room = vm.dataCenterId === type.dataCenterId && vm.machineType === type.id ? rooms[vm.host] : undefined;
    if (!room) continue;
    room.vcpus -= vm.vcpus;
    room.memoryGib -= vm.memoryGib;
    room.gpus -= vm.gpus;
    room.storageGib -= vm.bootDiskSizeGib;
  }
  return rooms;
}

/** The first host with enough room, or `undefined`. */
export function placeOnHost(
  state: CudoState,
  conditions: Conditions,
  type: MachineType,
  needed: HostRoom,
): number | undefined {
  if (concerns(conditions.outOfCapacity, type.dataCenterId, type.id)) return undefined;
  const index = freeRoom(state, type).findIndex((room) => fits(room, needed));
  return index < 0 ? undefined : index;
}

export function fits(room: HostRoom, needed: HostRoom): boolean {
  return (
    room.vcpus >= needed.vcpus &&
    room.memoryGib >= needed.memoryGib &&
    room.gpus >= needed.gpus &&
    room.storageGib >= needed.storageGib
  );
}

/** Public addresses of a data center that no VM has. */
export function freePublicAddresses(
  state: CudoState,
  conditions: Conditions,
  dataCenter: { id: string; ipv4: number },
): number {
  if (concerns(conditions.ipv4Exhausted, dataCenter.id)) return 0;
  const used = Object.values(state.vms).filter(
    (vm) => vm.dataCenterId === dataCenter.id && vm.publicAddress !== "",
  ).length;
  return Math.max(0, dataCenter.ipv4 - used);
}
