/** Creating a VM (reference: Cudo API, POST /v1/projects/{p}/vm). All checks come before the first change. */
import { nextIdentifier } from "../identifiers";
import { freePublicAddresses, findMachineType, placeOnHost } from "./capacity";
import { dataCenters, publicImages, shapeRules, type MachineType } from "./catalogue-data";
import { checkDataCenter, checkId, checkQuota, durationMilliseconds, required } from "./checks";
import { takeVmFailure } from "./conditions";
import { CudoError, EdgeRefusal, alreadyExists, failedPrecondition, invalidArgument, noHosts } from "./errors";
import { beginAttach, checkAttachable, findDisk } from "./disks";
import { commitmentTerms, type CommitmentTerm, type createVmBody } from "./messages";
import { keyOf, ofProject, takeMachineAddress, type StoredNic, type StoredVm, type VmState, type World } from "./model";
import { findNetwork, freeInternalAddresses } from "./networks";
import type { Decoded } from "./protojson";
import { findSecurityGroup } from "./security-groups";
import { vmView } from "./vm-view";

export type CreateVmBody = Decoded<typeof createVmBody>;

/** Longest start script, in bytes: as callers of the real service report it. */
const longestStartScript = 16 * 1024;
/** Where the web application firewall refuses a start script that comes together with keys. Only its existence is reported: this bound is ours. */
const edgeStartScript = 8 * 1024;

/** Stands before the API: throws a refusal that is not JSON. */
export function checkEdge(body: string): void {
  if (body.length <= edgeStartScript) return;
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return;
  }
  const { startScript = "", customSshKeys = [] } = (parsed ?? {}) as { startScript?: string; customSshKeys?: string[] };
  if (customSshKeys.length > 0 && startScript.length > edgeStartScript) throw new EdgeRefusal("blocked");
}

export function createVm(world: World, projectId: string, body: CreateVmBody) {
  const { state, now } = world;
  const id = checkId("vmId", body.vmId, 30);
  const dataCenterId = checkDataCenter(body.dataCenterId);
  const machineTypeId = required("machineType", body.machineType);
  const type = findMachineType(dataCenterId, machineTypeId);
  if (!type || type.id === world.conditions.withdrawn?.machineType)
    throw invalidArgument(`machine type "${machineTypeId}" is not available in data center "${dataCenterId}"`);
  const shape = checkShape(type, body);
  const image = findImage(world, projectId, dataCenterId, required("bootDiskImageId", body.bootDiskImageId));
  const bootDiskSizeGib = body.bootDiskSizeGib || body.bootDisk?.sizeGib || image.sizeGib;
  if (bootDiskSizeGib < image.sizeGib)
    throw invalidArgument(`bootDiskSizeGib ${bootDiskSizeGib} is smaller than the image (${image.sizeGib})`);
  if (Buffer.byteLength(body.startScript ?? "") > longestStartScript)
    throw invalidArgument(`startScript is longer than ${longestStartScript} bytes`);
  if (body.password !== undefined && body.password !== "") checkPassword(body.password);
  const expireTime = expiry(body, now);
  if (state.vms[keyOf(projectId, id)]) throw alreadyExists("A virtual machine");
  checkQuotas(world, projectId, shape);
  const disks = [...new Set(body.storageDiskIds ?? [])].map((diskId) => findDisk(world, projectId, diskId));
  for (const disk of disks) checkAttachable(disk, dataCenterId);
  const nics = checkNics(world, projectId, dataCenterId, body);
  const securityGroupIds = nics.length > 0 ? [] : checkGroups(world, projectId, dataCenterId, body.securityGroupIds);
  const host = placeOnHost(state, world.conditions, type, { ...shape, storageGib: bootDiskSizeGib });
  if (host === undefined) throw noHosts();
  const room = world.room();
  if (room.free < 1) throw noHosts(room.bound);

  const wantsPublicAddress = nics.length === 0 || (body.nics ?? []).some((nic) => nic.assignPublicIp);
  const dataCenter = dataCenters.find((candidate) => candidate.id === dataCenterId)!;
  const starved = wantsPublicAddress && freePublicAddresses(state, world.conditions, dataCenter) === 0;
  const commitmentTerm = body.commitmentTerm ?? "COMMITMENT_TERM_NONE";
  const vm: StoredVm = {
    projectId,
    id,
    dataCenterId,
    createTime: now,
    state: "PENDING",
    steps: [],
    uid: "",
    machineType: type.id,
    host,
    ...shape,
    bootDiskId: `${id}-boot`,
    bootDiskSizeGib,
    imageId: image.id,
    imageIsPrivate: image.isPrivate,
    machineAddress: "",
    publicAddress: "",
    nics,
    securityGroupIds,
    sshKeySource: body.sshKeySource ?? "SSH_KEY_SOURCE_UNKNOWN",
    customSshKeys: body.customSshKeys ?? [],
    startScript: body.startScript ?? "",
    metadata: body.metadata ?? {},
    commitmentTerm,
    commitmentEnd: commitmentEnd(commitmentTerm, now),
    expireTime,
    doomed: false,
    powered: false,
    boots: 0,
  };
  if (body.validateOnly) return { id, vm: vmView(world, vm) };

  const machineAddress = takeMachineAddress(state);
  if (!machineAddress) throw new CudoError(13, "no addresses left");
  vm.uid = nextIdentifier(state.identifiers);
  vm.machineAddress = machineAddress;
  vm.publicAddress = wantsPublicAddress && !starved ? machineAddress : "";
  vm.nics.forEach((nic, index) => (nic.publicAddress = body.nics?.[index]?.assignPublicIp ? vm.publicAddress : ""));
  // Out of public addresses, Cudo accepts the VM all the same, and it fails.
  vm.doomed = takeVmFailure(world.conditions, id) || starved;
  vm.steps = bootSteps(world, vm);
  state.vms[keyOf(projectId, id)] = vm;
  for (const disk of disks) beginAttach(world, disk, id);
  return { id, vm: vmView(world, vm) };
}

/** From now until the VM runs, or has failed. */
function bootSteps(world: World, vm: StoredVm): StoredVm["steps"] {
  const starting = world.now + world.delays.vmPending;
  const end: VmState = vm.doomed ? "FAILED" : "ACTIVE";
  if (vm.doomed) return [{ at: starting + world.delays.vmStarting, state: end }];
  return [
    { at: starting, state: "STARTING" },
    { at: starting + world.delays.vmStarting, state: end },
  ];
}

export interface Shape {
  vcpus: number;
  memoryGib: number;
  gpus: number;
}

/** Sizes are free within the machine type's ratios of vCPUs to memory and to GPUs. */
export function checkShape(type: MachineType, body: Partial<Shape>): Shape {
  const vcpus = required("vcpus", body.vcpus);
  const memoryGib = required("memoryGib", body.memoryGib);
  const gpus = body.gpus ?? 0;
  const rules = shapeRules;
  const refuse = (message: string) => invalidArgument(`${message} for machine type "${type.id}"`);
  if (vcpus < rules.minVcpu) throw refuse(`vcpus ${vcpus} is less than the minimum ${rules.minVcpu}`);
  if (memoryGib < rules.minMemoryGib)
    throw refuse(`memoryGib ${memoryGib} is less than the minimum ${rules.minMemoryGib}`);
  if (gpus < 0) throw refuse(`gpus ${gpus} is negative`);
  const fewest = memoryGib * rules.minVcpuPerMemoryGib;
  const most = memoryGib * rules.maxVcpuPerMemoryGib;
  if (vcpus < fewest || vcpus > most)
    throw refuse(`vcpus ${vcpus} must be between ${fewest} and ${most} with ${memoryGib} GiB of memory`);
  if (gpus > 0 && type.gpu && (vcpus < gpus * rules.minVcpuPerGpu || vcpus > gpus * rules.maxVcpuPerGpu)) {
    throw refuse(
      `vcpus ${vcpus} must be between ${gpus * rules.minVcpuPerGpu} and ${gpus * rules.maxVcpuPerGpu} with ${gpus} GPUs`,
    );
  }
  return { vcpus, memoryGib, gpus };
}

/** 6 to 64 characters with an upper-case letter, a lower-case letter, a digit and another character. */
export function checkPassword(password: string): void {
  const good =
    /^.{6,64}$/.test(password) && [/[A-Z]/, /[a-z]/, /\d/, /[^A-Za-z0-9]/].every((kind) => kind.test(password));
  if (!good)
    throw invalidArgument(
      "password must have 6 to 64 characters with upper and lower case letters, digits and special characters",
    );
}

/** When the VM is to be deleted by itself. */
export function expiry(body: { expireTime?: string; ttl?: string }, now: number): number | undefined {
  const time =
    body.ttl !== undefined
      ? now + durationMilliseconds(body.ttl)
      : body.expireTime !== undefined
        ? Date.parse(body.expireTime)
        : undefined;
  if (time !== undefined && time <= now) throw invalidArgument("expireTime must be in the future");
  return time;
}

export function commitmentEnd(term: CommitmentTerm, now: number): number | undefined {
  const months = Number(/\d+/.exec(commitmentTerms.find((known) => known === term) ?? "")?.[0] ?? 0);
  if (months === 0) return undefined;
  const end = new Date(now);
  end.setUTCMonth(end.getUTCMonth() + months);
  return end.getTime();
}

function findImage(
  world: World,
  projectId: string,
  dataCenterId: string,
  id: string,
): { id: string; sizeGib: number; isPrivate: boolean } {
  const withdrawn = world.conditions.withdrawn?.image;
  const publicImage = publicImages.find((image) => image.id === id && id !== withdrawn);
  if (publicImage) return { id, sizeGib: publicImage.sizeGib, isPrivate: false };
  const image = world.state.images[keyOf(projectId, id)];
  if (!image) throw invalidArgument(`image "${id}" does not exist`);
  if (image.dataCenterId !== dataCenterId) throw invalidArgument(`image "${id}" is in another data center`);
  if (image.state !== "READY") throw failedPrecondition(`image "${id}" is ${image.state}, not READY`);
  return { id, sizeGib: image.sizeGib, isPrivate: true };
}

function checkQuotas(world: World, projectId: string, shape: Shape): void {
  const vms = ofProject(world.state.vms, projectId);
  const sum = (part: keyof Shape) => vms.reduce((total, vm) => total + vm[part], 0);
  checkQuota(world, "vms", vms.length);
  checkQuota(world, "vcpus", sum("vcpus"), shape.vcpus);
  checkQuota(world, "gpus", sum("gpus"), shape.gpus);
}

function checkNics(world: World, projectId: string, dataCenterId: string, body: CreateVmBody): StoredNic[] {
  const used = new Map<string, number>();
  return (body.nics ?? []).map((nic, index) => {
    const network = findNetwork(world, projectId, required(`nics[${index}].networkId`, nic.networkId));
    if (network.dataCenterId !== dataCenterId)
      throw invalidArgument(`network "${network.id}" is in another data center than the virtual machine`);
    if (network.state !== "ACTIVE" && network.state !== "STOPPED")
      throw failedPrecondition(`Network "${network.id}" is ${network.state}, not ACTIVE`);
    const before = used.get(network.id) ?? 0;
    used.set(network.id, before + 1);
    return {
      networkId: network.id,
      internalAddress: freeInternalAddresses(world, network, before + 1)[before]!,
      publicAddress: "",
      securityGroupIds: checkGroups(world, projectId, dataCenterId, nic.securityGroupIds),
    };
  });
}

function checkGroups(world: World, projectId: string, dataCenterId: string, ids: string[] = []): string[] {
  for (const id of ids) {
    if (findSecurityGroup(world, projectId, id).dataCenterId !== dataCenterId) {
      throw invalidArgument(`security group "${id}" is in another data center than the virtual machine`);
    }
  }
  return [...new Set(ids)];
}
