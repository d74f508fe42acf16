/** Changes of a VM in place: each step compares with the VM as it is, so that a half-done update goes on where it stopped. */
import type { ResourceState } from "../../server/resource";
import type { CudoApi } from "../api";
import { isCudoError } from "../errors";
import { reservedKeys } from "../ownership";
import type { Vm } from "../types";
import { isReady, isSettled } from "../vm-state";
import { waitFor } from "../../cloud/wait";
import { sameSet } from "../../cloud/inputs";
import { securityGroupsOf, type VmInputs, type VmOutputs } from "./vm-inputs";
import { expected } from "./vm-lifecycle";

export interface VmChange {
  readonly api: CudoApi;
  readonly id: string;
  readonly inputs: VmInputs;
  readonly state: ResourceState<VmInputs, VmOutputs>;
  readonly signal: AbortSignal;
  status(message: string): void;
}

export async function changeVm(change: VmChange): Promise<Vm> {
  let vm = await settled(change, "is busy");
  await changeMetadata(change, vm);
  await changeSshKeys(change);
  await changeSecurityGroups(change, vm);
  await changeStorageDisks(change, vm);
  const { api, id, inputs, state, signal } = change;
  if (inputs.diskSizeGib !== undefined && inputs.diskSizeGib > vm.bootDiskSizeGib) {
    const disk = { diskId: vm.bootDiskId, sizeGib: inputs.diskSizeGib };
    const grown = (now: Vm) => now.bootDiskSizeGib >= disk.sizeGib;
    await sent(change, () => api.vms.growDisk(id, disk, signal), grown);
    vm = await settled(change, "is growing its boot disk", grown);
  }
  if (inputs.vcpus !== state.inputs.vcpus || inputs.memoryGib !== state.inputs.memoryGib) {
    vm = await resize(change, vm);
  }
  const term = inputs.commitmentTerm ?? "COMMITMENT_TERM_NONE";
  if (term !== (state.inputs.commitmentTerm ?? "COMMITMENT_TERM_NONE") && term !== vm.commitmentTerm) {
    await sent(
      change,
      () => api.vms.commit(id, term, signal),
      (now) => now.commitmentTerm === term,
    );
  }
  const wasRunning = vm.state === "ACTIVE";
  return settled(change, "is not ready yet", (now) => !wasRunning || isReady(now, expected(inputs)));
}

/** Waits until no operation is running on the VM. */
function settled(
  { api, id, signal, status }: VmChange,
  what: string,
  until: (vm: Vm) => boolean = () => true,
): Promise<Vm> {
  return waitFor(async () => {
    const vm = await api.vms.find(id, signal);
    if (!vm) throw new Error(`VM "${id}" disappeared while it was being changed`);
    if (vm.state === "FAILED")
      throw new Error(
        `VM "${id}" is in the state FAILED; \`pulumi up --replace\` makes it anew, without what was on its boot disk`,
      );
    status(`VM ${id} ${what}: ${vm.state}`);
    return isSettled(vm) && until(vm) ? vm : undefined;
  }, signal);
}

/** What Cudo refuses may be what it has done: a request whose answer was lost is sent again. */
async function sent(change: VmChange, send: () => Promise<void>, isDone: (vm: Vm) => boolean): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!isCudoError(error, "precondition", "invalid", "alreadyExists", "notFound")) throw error;
    if (!isDone(await settled(change, "is busy"))) throw error;
  }
}

/** Keys that others have set stay. */
async function changeMetadata({ api, id, inputs, state, signal }: VmChange, vm: Vm): Promise<void> {
  const ours = new Set(Object.keys(state.inputs.metadata ?? {}));
  const kept = Object.entries(vm.metadata).filter(([key]) => reservedKeys.includes(key) || !ours.has(key));
  const wanted = { ...Object.fromEntries(kept), ...inputs.metadata };
  const entries = Object.entries(wanted);
  if (
    entries.length !== Object.keys(vm.metadata).length ||
    entries.some(([key, value]) => vm.metadata[key] !== value)
  ) {
    await api.vms.setMetadata(id, wanted, signal);
  }
}

/** Cudo reports keys of all sources together, so they are compared with the state. */
async function changeSshKeys({ api, id, inputs, state, signal }: VmChange): Promise<void> {
  const source = (of: VmInputs) => of.sshKeySource ?? "SSH_KEY_SOURCE_NONE";
  const keys = (of: VmInputs) => of.customSshKeys ?? [];
  if (source(inputs) !== source(state.inputs) || !sameSet(keys(inputs), keys(state.inputs))) {
    await api.vms.setSshKeys(id, { sshKeySource: source(inputs), customSshKeys: keys(inputs) }, signal);
  }
}

async function changeSecurityGroups(change: VmChange, vm: Vm): Promise<void> {
  const { api, id, inputs, signal } = change;
  const wanted = securityGroupsOf(inputs);
  // New ones first: a VM without any lets everything through.
  for (const group of wanted.filter((group) => !vm.securityGroupIds.includes(group))) {
    await sent(
      change,
      () => api.vms.attachSecurityGroup(id, group, signal),
      (now) => now.securityGroupIds.includes(group),
    );
  }
  for (const group of vm.securityGroupIds.filter((group) => !wanted.includes(group))) {
    await sent(
      change,
      () => api.vms.detachSecurityGroup(id, group, signal),
      (now) => !now.securityGroupIds.includes(group),
    );
  }
}

async function changeStorageDisks(change: VmChange, vm: Vm): Promise<void> {
  const { api, id, inputs, signal } = change;
  const wanted = inputs.storageDiskIds ?? [];
  const leaving = vm.storageDiskIds.filter((disk) => !wanted.includes(disk));
  const coming = wanted.filter((disk) => !vm.storageDiskIds.includes(disk));
  // One at a time: the VM is busy while a disk comes or goes.
  for (const disk of leaving) {
    const isOff = (now: Vm) => !now.storageDiskIds.includes(disk);
    await sent(change, () => api.disks.detach(disk, signal), isOff);
    await settled(change, `is giving up disk ${disk}`, isOff);
  }
  for (const disk of coming) {
    const isOn = (now: Vm) => now.storageDiskIds.includes(disk);
    await sent(change, () => api.disks.attach(disk, id, signal), isOn);
    await settled(change, `is getting disk ${disk}`, isOn);
  }
}

/** Cudo resizes stopped VMs only. */
async function resize(change: VmChange, vm: Vm): Promise<Vm> {
  const { api, id, inputs, signal } = change;
  const { vcpus, memoryGib } = inputs;
  const fits = (now: Vm) => now.vcpus === vcpus && now.memoryGib === memoryGib;
  let now = vm;
  if (!fits(now)) {
    if (now.state !== "STOPPED") {
      const isStopped = ({ state }: Vm) => state === "STOPPED";
      await sent(change, () => api.vms.stop(id, signal), isStopped);
      await settled(change, "is stopping, to be resized", isStopped);
    }
    await sent(change, () => api.vms.resize(id, { vcpus, memoryGib }, signal), fits);
    now = await settled(change, "is being resized", fits);
  }
  if (now.state !== "ACTIVE") {
    await sent(
      change,
      () => api.vms.start(id, signal),
      ({ state }) => state === "ACTIVE",
    );
    now = await settled(change, "is starting", (after) => isReady(after, expected(inputs)));
  }
  return now;
}
