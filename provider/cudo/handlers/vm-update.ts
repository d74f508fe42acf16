/** Changes of a VM in place: each step compares with the VM as it is, so that a half-done update goes on where it stopped. */
import type { ResourceState } from "../../server/resource";
import type { CudoApi } from "../api";
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
    await api.vms.growDisk(id, { diskId: vm.bootDiskId, sizeGib: inputs.diskSizeGib }, signal);
    vm = await settled(change, "is growing its boot disk", (now) => now.bootDiskSizeGib >= inputs.diskSizeGib!);
  }
  if (inputs.vcpus !== state.inputs.vcpus || inputs.memoryGib !== state.inputs.memoryGib) {
    vm = await resize(change, vm);
  }
  const term = inputs.commitmentTerm ?? "COMMITMENT_TERM_NONE";
  if (term !== (state.inputs.commitmentTerm ?? "COMMITMENT_TERM_NONE") && term !== vm.commitmentTerm) {
    await api.vms.commit(id, term, signal);
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

async function changeSecurityGroups({ api, id, inputs, signal }: VmChange, vm: Vm): Promise<void> {
  const wanted = securityGroupsOf(inputs);
  // New ones first: a VM without any lets everything through.
  for (const group of wanted.filter((group) => !vm.securityGroupIds.includes(group))) {
    await api.vms.attachSecurityGroup(id, group, signal);
  }
  for (const group of vm.securityGroupIds.filter((group) => !wanted.includes(group))) {
    await api.vms.detachSecurityGroup(id, group, signal);
  }
}

async function changeStorageDisks(change: VmChange, vm: Vm): Promise<void> {
  const { api, id, inputs, signal } = change;
  const wanted = inputs.storageDiskIds ?? [];
  const leaving = vm.storageDiskIds.filter((disk) => !wanted.includes(disk));
  const coming = wanted.filter((disk) => !vm.storageDiskIds.includes(disk));
  // One at a time: the VM is busy while a disk comes or goes.
  for (const disk of leaving) {
    await api.disks.detach(disk, signal);
    await settled(change, `is giving up disk ${disk}`, (now) => !now.storageDiskIds.includes(disk));
  }
  for (const disk of coming) {
    await api.disks.attach(disk, id, signal);
    await settled(change, `is getting disk ${disk}`, (now) => now.storageDiskIds.includes(disk));
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
      await api.vms.stop(id, signal);
      await settled(change, "is stopping, to be resized", ({ state }) => state === "STOPPED");
    }
    await api.vms.resize(id, { vcpus, memoryGib }, signal);
    now = await settled(change, "is being resized", fits);
  }
  if (now.state !== "ACTIVE") {
    await api.vms.start(id, signal);
    now = await settled(change, "is starting", (after) => isReady(after, expected(inputs)));
  }
  return now;
}
