/** Storage disks (reference: Cudo API, /v1/projects/{p}/disks and /v1/projects/{p}/disk/{id}). One data center, one VM at a time. */
import { checkDataCenter, checkId, checkQuota, required } from "./checks";
import { alreadyExists, failedPrecondition, invalidArgument, notFound } from "./errors";
import type { diskBody } from "./messages";
import { keyOf, ofProject, type StoredDisk, type StoredVm, type World } from "./model";
import type { Decoded } from "./protojson";

const largestGib = 10000;

export function createDisk(world: World, projectId: string, body: Decoded<typeof diskBody>) {
  const id = checkId("id", body.id, 63);
  const dataCenterId = checkDataCenter(body.dataCenterId);
  const sizeGib = required("sizeGib", body.sizeGib);
  if (sizeGib < 1 || sizeGib > largestGib) throw invalidArgument(`sizeGib ${sizeGib} is invalid: 1 to ${largestGib}`);
  if (world.state.disks[keyOf(projectId, id)]) throw alreadyExists("A disk");
  checkQuota(world, "disks", ofProject(world.state.disks, projectId).length);
  world.state.disks[keyOf(projectId, id)] = {
    projectId,
    id,
    dataCenterId,
    createTime: world.now,
    state: "CREATING",
    steps: [{ at: world.now + world.delays.disk, state: "READY" }],
    sizeGib,
    vmId: "",
  };
  return {};
}

export function getDisk(world: World, projectId: string, id: string) {
  return { disk: diskView(findDisk(world, projectId, id)) };
}

/** Refused (code 9) while it is attached. */
export function deleteDisk(world: World, projectId: string, id: string) {
  const disk = findDisk(world, projectId, id);
  if (disk.vmId !== "")
    throw failedPrecondition(`Disk is attached to virtual machine "${disk.vmId}" and must be detached first`);
  if (disk.state === "DELETING") return {};
  if (disk.state !== "READY") throw failedPrecondition(`Disk is ${disk.state}, not READY`);
  disk.state = "DELETING";
  disk.steps = [{ at: world.now + world.delays.disk, state: "GONE" }];
  return {};
}

/** Only READY disks in the VM's data center attach, to a VM that is ACTIVE or STOPPED. */
export function attachDisk(world: World, disk: StoredDisk, vm: StoredVm) {
  checkAttachable(disk, vm.dataCenterId);
  checkSettled(vm);
  beginAttach(world, disk, vm.id);
  hotplug(world, vm);
  return {};
}

export function checkAttachable(disk: StoredDisk, dataCenterId: string): void {
  if (disk.state !== "READY") throw failedPrecondition(`Disk "${disk.id}" is ${disk.state}, not READY`);
  if (disk.dataCenterId !== dataCenterId)
    throw invalidArgument(`disk "${disk.id}" is in another data center than the virtual machine`);
}

export function beginAttach(world: World, disk: StoredDisk, vmId: string): void {
  disk.vmId = vmId;
  disk.state = "UPDATING";
  disk.steps = [{ at: world.now + world.delays.disk, state: "ATTACHED" }];
}

export function detachDisk(world: World, disk: StoredDisk) {
  const vm = disk.vmId === "" ? undefined : world.state.vms[keyOf(disk.projectId, disk.vmId)];
  if (!vm || disk.state !== "ATTACHED") throw failedPrecondition(`Disk "${disk.id}" is not attached`);
  checkSettled(vm);
  disk.vmId = "";
  disk.state = "UPDATING";
  disk.steps = [{ at: world.now + world.delays.disk, state: "READY" }];
  hotplug(world, vm);
  return {};
}

/** Disks only grow, and storage disks only while they are attached to the VM. */
export function growDisk(world: World, vm: StoredVm, diskId: string, sizeGib: number) {
  const disk = diskId === vm.bootDiskId ? undefined : findDisk(world, vm.projectId, required("diskId", diskId));
  if (disk && disk.vmId !== vm.id)
    throw failedPrecondition(`Disk "${diskId}" is not attached to virtual machine "${vm.id}"`);
  const current = disk ? disk.sizeGib : vm.bootDiskSizeGib;
  if (sizeGib <= current)
    throw invalidArgument(`sizeGib ${sizeGib} is invalid: disks only grow, and this one has ${current}`);
  if (sizeGib > largestGib) throw invalidArgument(`sizeGib ${sizeGib} is invalid: at most ${largestGib}`);
  checkSettled(vm);
  if (disk) disk.sizeGib = sizeGib;
  else vm.bootDiskSizeGib = sizeGib;
  vm.steps = [{ at: world.now + world.delays.disk, state: vm.state }];
  vm.state = "RESIZING_DISK";
  return {};
}

export function findDisk(world: World, projectId: string, id: string): StoredDisk {
  const disk = world.state.disks[keyOf(projectId, id)];
  if (!disk) throw notFound("disk", id);
  return disk;
}

export function diskView(disk: StoredDisk) {
  return {
    id: disk.id,
    projectId: disk.projectId,
    dataCenterId: disk.dataCenterId,
    sizeGib: disk.sizeGib,
    vmId: disk.vmId,
    diskType: "DISK_TYPE_STORAGE",
    diskState: disk.state,
    publicImageId: "",
    privateImageId: "",
    createTime: new Date(disk.createTime).toISOString(),
  };
}

function checkSettled(vm: StoredVm): void {
  if (vm.state !== "ACTIVE" && vm.state !== "STOPPED")
    throw failedPrecondition(`Virtual machine "${vm.id}" is ${vm.state}`);
}

function hotplug(world: World, vm: StoredVm): void {
  if (vm.state !== "ACTIVE") return;
  vm.state = "HOTPLUGGING";
  vm.steps = [{ at: world.now + world.delays.disk, state: "ACTIVE" }];
}
