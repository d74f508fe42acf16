/** What time does to the stored objects: states move on, deleted things go, VMs expire. */
import { keyOf, ofProject, type CudoState, type Step, type StoredVm, type VmState } from "./model";
import type { Timing } from "./timing";

/** Brings the state up to `now`. */
export function advance(state: CudoState, now: number, delays: Timing): void {
  for (const vm of Object.values(state.vms)) {
    if (vm.expireTime !== undefined && vm.expireTime <= now && vm.state !== "DELETING")
      beginTermination(vm, vm.expireTime, delays);
    if (applySteps(vm, now, (step) => enterVmState(vm, step, delays))) removeVm(state, vm, now, delays);
  }
  prune(state.disks, now);
  prune(state.networks, now);
  prune(state.images, now);
}

/** When something happens next by itself; `undefined` when nothing will. */
export function nextDue(state: CudoState): number | undefined {
  const times: number[] = [];
  for (const objects of [state.vms, state.disks, state.networks, state.images]) {
    for (const object of Object.values(objects)) for (const step of object.steps) times.push(step.at);
  }
  for (const vm of Object.values(state.vms))
    if (vm.expireTime !== undefined && vm.state !== "DELETING") times.push(vm.expireTime);
  return times.length === 0 ? undefined : times.reduce((first, time) => Math.min(first, time));
}

/** The machine is switched off at once; the VM is gone after the delay. */
export function beginTermination(vm: StoredVm, now: number, delays: Timing): void {
  vm.state = "DELETING";
  vm.powered = false;
  vm.steps = [{ at: now + delays.vmDeleting, state: "GONE" }];
}

function enterVmState(vm: StoredVm, step: Step<VmState>, delays: Timing): void {
  if (step.state === "STARTING") {
    vm.powered = true;
    vm.boots += 1;
  } else if (step.state === "ACTIVE") {
    vm.addressesAt ??= step.at + delays.vmAddress;
  } else if (step.state === "FAILED") {
    vm.powered = false;
  }
}

function removeVm(state: CudoState, vm: StoredVm, now: number, delays: Timing): void {
  delete state.vms[keyOf(vm.projectId, vm.id)];
  for (const disk of ofProject(state.disks, vm.projectId)) {
    if (disk.vmId !== vm.id) continue;
    disk.vmId = "";
    disk.state = "UPDATING";
    disk.steps = [{ at: now + delays.disk, state: "READY" }];
  }
}

function prune(objects: Record<string, { state: string; steps: Step<string>[] }>, now: number): void {
  for (const [key, object] of Object.entries(objects)) if (applySteps(object, now)) delete objects[key];
}

/** Applies the steps that are due, in their order. True: the object is gone. */
function applySteps<S extends string>(
  object: { state: S; steps: Step<S>[] },
  now: number,
  entered: (step: Step<S>) => void = () => undefined,
): boolean {
  while (object.steps[0] && object.steps[0].at <= now) {
    const step = object.steps.shift()!;
    if (step.state === "GONE") return true;
    object.state = step.state;
    entered(step);
  }
  return false;
}
