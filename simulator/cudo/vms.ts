/** What can be done with a VM once it exists (reference: Cudo API, /v1/projects/{p}/vms/{id} and /v1/projects/{p}/vm/{id}). */
import { randomBytes } from "node:crypto";
import { findMachineType, fits, freeRoom } from "./capacity";
import { required } from "./checks";
import { failedPrecondition, invalidArgument, noHosts, notFound } from "./errors";
import type { commitBody, expireTimeBody, metadataBody, passwordBody, sshKeysBody } from "./messages";
import { keyOf, ofProject, type StoredVm, type VmState, type World } from "./model";
import type { Decoded } from "./protojson";
import { beginTermination } from "./transitions";
import { checkPassword, checkShape, commitmentEnd, expiry } from "./vm-create";
import { vmPrices, vmView } from "./vm-view";

/** The whole project, unpaged. The only filter is the network. */
export function listVms(world: World, projectId: string, networkId: string) {
  const vms = ofProject(world.state.vms, projectId).filter(
    (vm) => networkId === "" || vm.nics.some((nic) => nic.networkId === networkId),
  );
  return { VMs: vms.map((vm) => vmView(world, vm)) };
}

export function countVms(world: World, projectId: string) {
  return { count: ofProject(world.state.vms, projectId).length };
}

export function getVm(world: World, vm: StoredVm) {
  return { VM: vmView(world, vm), ...vmPrices(world, vm) };
}

/** Refused (code 9) while the VM boots or changes, and before a commitment ends. The boot disk is lost; storage disks are detached. */
export function terminateVm(world: World, vm: StoredVm) {
  if (vm.state === "STARTING") throw failedPrecondition("you cannot terminate a vm that is in the boot state");
  if (!["PENDING", "ACTIVE", "STOPPED", "FAILED"].includes(vm.state)) {
    throw failedPrecondition(`you cannot terminate a vm that is in the ${vm.state.toLowerCase()} state`);
  }
  if (vm.commitmentEnd !== undefined && vm.commitmentEnd > world.now)
    throw failedPrecondition("you cannot terminate a vm before its commitment ends");
  beginTermination(vm, world.now, world.delays);
  return {};
}

export function startVm(world: World, vm: StoredVm) {
  expectState(vm, "STOPPED");
  vm.state = "STARTING";
  vm.powered = true;
  vm.boots += 1;
  vm.steps = [{ at: world.now + world.delays.vmStarting, state: "ACTIVE" }];
  return {};
}

export function stopVm(world: World, vm: StoredVm) {
  expectState(vm, "ACTIVE");
  vm.state = "STOPPING";
  vm.powered = false;
  vm.steps = [{ at: world.now + world.delays.vmStopping, state: "STOPPED" }];
  return {};
}

export function rebootVm(world: World, vm: StoredVm) {
  expectState(vm, "ACTIVE");
  vm.state = "STARTING";
  vm.boots += 1;
  vm.steps = [{ at: world.now + world.delays.vmStarting, state: "ACTIVE" }];
  return {};
}

/** Of a stopped VM only, within the machine type's rules and its host's room. 0 keeps a value. */
export function resizeVm(world: World, vm: StoredVm, size: { vcpus: number; memoryGib: number }) {
  expectState(vm, "STOPPED");
  const type = findMachineType(vm.dataCenterId, vm.machineType);
  if (!type) throw notFound("machine type", vm.machineType);
  const shape = checkShape(type, {
    vcpus: size.vcpus || vm.vcpus,
    memoryGib: size.memoryGib || vm.memoryGib,
    gpus: vm.gpus,
  });
  const more = { vcpus: shape.vcpus - vm.vcpus, memoryGib: shape.memoryGib - vm.memoryGib, gpus: 0, storageGib: 0 };
  if (!fits(freeRoom(world.state, type)[vm.host]!, more)) throw noHosts();
  vm.vcpus = shape.vcpus;
  vm.memoryGib = shape.memoryGib;
  vm.state = "RESIZING";
  vm.steps = [{ at: world.now + world.delays.vmStopping, state: "STOPPED" }];
  return { vm: vmView(world, vm) };
}

export function updateMetadata(vm: StoredVm, body: Decoded<typeof metadataBody>) {
  vm.metadata = body.merge ? { ...vm.metadata, ...body.metadata } : (body.metadata ?? {});
  return { metadata: { ...vm.metadata } };
}

export function updateExpireTime(world: World, vm: StoredVm, body: Decoded<typeof expireTimeBody>) {
  vm.expireTime = expiry(body, world.now);
  return { expireTime: vm.expireTime === undefined ? null : new Date(vm.expireTime).toISOString() };
}

export function updatePassword(body: Decoded<typeof passwordBody>) {
  checkPassword(required("password", body.password));
  return {};
}

export function updateSshKeys(vm: StoredVm, body: Decoded<typeof sshKeysBody>) {
  vm.sshKeySource = body.sshKeySource ?? "SSH_KEY_SOURCE_UNKNOWN";
  vm.customSshKeys = body.customSshKeys ?? [];
  return {};
}

export function commitVm(world: World, vm: StoredVm, body: Decoded<typeof commitBody>) {
  const term = required("commitmentTerm", body.commitmentTerm);
  const end = commitmentEnd(term, world.now);
  if (end === undefined) throw invalidArgument("commitmentTerm must be longer than none");
  vm.commitmentTerm = term;
  vm.commitmentEnd = end;
  return {};
}

/** There is no screen to show: the answer has the documented shape and leads nowhere. */
export function connectVm(vm: StoredVm) {
  expectState(vm, "ACTIVE");
  return { connectUrl: "https://console.invalid/", token: randomBytes(16).toString("hex") };
}

/** 64-bit numbers travel as strings. */
export function monitorVm(world: World, vm: StoredVm) {
  if (!vm.powered) return { items: [] };
  const zero = {
    diskRdBytes: "0",
    diskRdIops: "0",
    diskWrBytes: "0",
    diskWrIops: "0",
    netRx: "0",
    netTx: "0",
    guestPing: "0",
  };
  return {
    items: [
      { cpu: 0, memory: String(vm.memoryGib * 2 ** 30), ...zero, timestamp: String(Math.floor(world.now / 1000)) },
    ],
  };
}

export function findVm(world: World, projectId: string, id: string): StoredVm {
  const vm = world.state.vms[keyOf(projectId, id)];
  if (!vm) throw notFound("virtual machine", id);
  return vm;
}

function expectState(vm: StoredVm, state: VmState): void {
  if (vm.state !== state) throw failedPrecondition(`Virtual machine "${vm.id}" is ${vm.state}, not ${state}`);
}
