/** A VM as the API answers it (reference: Cudo API, schema `VM`). Start script and password are never returned. */
import { money } from "./catalogue";
import { dataCenters, prices, publicImages } from "./catalogue-data";
import { findMachineType } from "./capacity";
import { diskView } from "./disks";
import { keyOf, ofProject, type StoredVm, type World } from "./model";
import { groupsOf, securityGroupView } from "./security-groups";

/** OpenNebula's words for the states, which the API also answers. */
const shortStates: Record<StoredVm["state"], string> = {
  PENDING: "pend",
  STARTING: "boot",
  ACTIVE: "runn",
  STOPPING: "shut",
  STOPPED: "poff",
  HOTPLUGGING: "hotp",
  RESIZING: "dsrz",
  RESIZING_DISK: "dsrz",
  CLONING: "clon",
  FAILED: "fail",
  DELETING: "epil",
};

export function vmView(world: World, vm: StoredVm) {
  const type = findMachineType(vm.dataCenterId, vm.machineType);
  const visible = vm.addressesAt !== undefined && vm.addressesAt <= world.now;
  const external = visible ? vm.publicAddress : "";
  const nics = vm.nics.map((nic) => ({
    networkId: nic.networkId,
    internalIpAddress: visible ? (world.oneAddress ? vm.machineAddress : nic.internalAddress) : "",
    externalIpAddress: visible ? nic.publicAddress : "",
    networkAddress: world.state.networks[keyOf(vm.projectId, nic.networkId)]?.ipRange ?? "",
    securityGroupIds: [...nic.securityGroupIds],
  }));
  const groups = groupsOf(vm).flatMap((id) => world.state.securityGroups[keyOf(vm.projectId, id)] ?? []);
  const publicImage = vm.imageIsPrivate ? undefined : publicImages.find((image) => image.id === vm.imageId);
  return {
    id: vm.id,
    projectId: vm.projectId,
    datacenterId: vm.dataCenterId,
    machineType: vm.machineType,
    cpuModel: type?.cpuModel ?? "",
    gpuModel: vm.gpus > 0 ? (type?.gpu?.name ?? "") : "",
    gpuModelId: vm.gpus > 0 ? (type?.gpu?.id ?? "") : "",
    gpuQuantity: vm.gpus,
    vcpus: vm.vcpus,
    memory: vm.memoryGib,
    bootDiskSizeGib: vm.bootDiskSizeGib,
    bootDisk: bootDiskView(vm),
    storageDisks: ofProject(world.state.disks, vm.projectId)
      .filter((disk) => disk.vmId === vm.id && disk.state === "ATTACHED")
      .map(diskView),
    imageId: vm.imageId,
    imageName: publicImage?.name ?? vm.imageId,
    publicImageId: publicImage?.id ?? "",
    publicImageName: publicImage?.name ?? "",
    privateImageId: vm.imageIsPrivate ? vm.imageId : "",
    internalIpAddress: nics[0]?.internalIpAddress ?? "",
    externalIpAddress: external,
    publicIpAddress: external,
    nics,
    securityGroupIds: groupsOf(vm),
    securityGroups: groups.map(securityGroupView),
    rules: groups.flatMap((group) => group.rules.map((rule) => ({ ...rule }))),
    metadata: { ...vm.metadata },
    state: vm.state,
    shortState: shortStates[vm.state] + (vm.problem === undefined ? "" : `: ${vm.problem}`),
    sshKeySource: vm.sshKeySource,
    authorizedSshKeys: authorizedKeys(world, vm).join("\n"),
    createTime: new Date(vm.createTime).toISOString(),
    createBy: "simulator",
    expireTime: timeOrNull(vm.expireTime),
    commitmentTerm: vm.commitmentTerm,
    commitmentEndTime: timeOrNull(vm.commitmentEnd),
    renewableEnergy: dataCenters.find((dataCenter) => dataCenter.id === vm.dataCenterId)?.renewableEnergy ?? false,
    price: vmPrice(world, vm),
  };
}

function vmPrice(world: World, vm: StoredVm) {
  const { ipv4PriceHr, ...rest } = vmPrices(world, vm);
  return { ...rest, ipv4AddressPriceHr: ipv4PriceHr };
}

/** What `GET …/vms/{id}` answers beside the VM. */
export function vmPrices(world: World, vm: StoredVm) {
  const gpuPrice = findMachineType(vm.dataCenterId, vm.machineType)?.gpu?.priceHr ?? 0;
  const disks = ofProject(world.state.disks, vm.projectId).filter((disk) => disk.vmId === vm.id);
  const storageGib = vm.bootDiskSizeGib + disks.reduce((sum, disk) => sum + disk.sizeGib, 0);
  const ipv4 = vm.publicAddress === "" ? 0 : prices.ipv4;
  const totals = {
    vcpu: vm.vcpus * prices.vcpu,
    memory: vm.memoryGib * prices.memoryGib,
    gpu: vm.gpus * gpuPrice,
    storage: storageGib * prices.storageGib,
  };
  return {
    vcpuPriceHr: money(prices.vcpu),
    totalVcpuPriceHr: money(totals.vcpu),
    memoryGibPriceHr: money(prices.memoryGib),
    totalMemoryPriceHr: money(totals.memory),
    gpuPriceHr: money(gpuPrice),
    totalGpuPriceHr: money(totals.gpu),
    storageGibPriceHr: money(prices.storageGib),
    totalStoragePriceHr: money(totals.storage),
    ipv4PriceHr: money(ipv4),
    totalPriceHr: money(totals.vcpu + totals.memory + totals.gpu + totals.storage + ipv4),
  };
}

function bootDiskView(vm: StoredVm) {
  return {
    id: vm.bootDiskId,
    projectId: vm.projectId,
    dataCenterId: vm.dataCenterId,
    sizeGib: vm.bootDiskSizeGib,
    vmId: vm.id,
    diskType: "DISK_TYPE_BOOT",
    diskState: vm.state === "PENDING" ? "CLONING" : "ATTACHED",
    publicImageId: vm.imageIsPrivate ? "" : vm.imageId,
    privateImageId: vm.imageIsPrivate ? vm.imageId : "",
    createTime: new Date(vm.createTime).toISOString(),
  };
}

function authorizedKeys(world: World, vm: StoredVm): string[] {
  const account = Object.values(world.state.sshKeys).map((key) => key.publicKey);
  return vm.sshKeySource === "SSH_KEY_SOURCE_NONE" ? vm.customSshKeys : [...account, ...vm.customSshKeys];
}

function timeOrNull(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}
