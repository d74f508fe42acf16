/** Free capacity in the catalogue's words: the largest single host, and all hosts together. */
import { freeRoom, type HostRoom } from "./capacity";
import type { MachineType } from "./catalogue-data";
import { concerns } from "./conditions";
import type { World } from "./model";

export function capacityShown(world: World, type: MachineType) {
  const none = concerns(world.conditions.outOfCapacity, type.dataCenterId, type.id);
  const rooms = none ? [] : freeRoom(world.state, type);
  const largest = (part: keyof HostRoom) => Math.max(0, ...rooms.map((room) => room[part]));
  const total = (part: keyof HostRoom) => rooms.reduce((sum, room) => sum + room[part], 0);
  return {
    maxVcpuFree: largest("vcpus"),
    totalVcpuFree: total("vcpus"),
    maxMemoryGibFree: largest("memoryGib"),
    totalMemoryGibFree: total("memoryGib"),
    maxGpuFree: largest("gpus"),
    totalGpuFree: total("gpus"),
    maxStorageGibFree: largest("storageGib"),
    totalStorageGibFree: total("storageGib"),
  };
}
