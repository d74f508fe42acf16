/** What a VM's state means. Reference: Cudo API, VmState. Pure. */
import type { Vm } from "./types";

const settled: readonly string[] = ["ACTIVE", "STOPPED", "SUSPENDED", "FAILED", "DELETED"];

/** Will stay as it is until someone acts. */
export function isSettled({ state }: Pick<Vm, "state">): boolean {
  return settled.includes(state);
}

/** Gone, or going. */
export function isLeaving({ state }: Pick<Vm, "state">): boolean {
  return state === "DELETED" || state === "DELETING";
}

export interface Expected {
  publicAddress: boolean;
  storageDisks: number;
}

/** Running, with the addresses and disks that it is to have: Cudo assigns both after the VM is ACTIVE. */
export function isReady(vm: Vm, { publicAddress, storageDisks }: Expected): boolean {
  const address = publicAddress ? vm.externalIpAddress : vm.internalIpAddress || vm.externalIpAddress;
  return vm.state === "ACTIVE" && address !== "" && vm.storageDiskIds.length >= storageDisks;
}

/** A group's machine. A stopped VM exists, is charged and may be started again: it counts as running. */
export function machineState({ state }: Pick<Vm, "state">): "creating" | "running" | "deleting" | "failed" {
  switch (state) {
    case "FAILED":
      return "failed";
    case "DELETING":
    case "DELETED":
      return "deleting";
    case "PENDING":
    case "CLONING":
    case "STARTING":
    case "RECREATING":
    case "UNKNOWN":
      return "creating";
    default:
      return "running";
  }
}
