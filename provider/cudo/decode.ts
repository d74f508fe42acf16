/**
 * Turns Cudo's answers into `types.ts`. Lenient: numbers may be strings, "Infinity" is a number, what is missing is zero or empty. Ids must be
 * there (`WrongShape`).
 */
import { number, record, records, requiredText, text, texts, type Json } from "../cloud/json";
import type { DataCenter, Disk, Image, MachineType, Network, Nic, Rule, SecurityGroup, Vm } from "./types";

/** An upper bound: a missing one, which arrives as zero, bounds nothing. */
function bound(value: unknown): number {
  return number(value) || Infinity;
}

/** `{ "value": "2.50" }` (google.type.Decimal). */
function money(value: unknown): string {
  return text(record(value).value) || "0";
}

export function decodeVm(json: Json): Vm {
  const nics = records(json.nics).map(decodeNic);
  const groups = new Set([...texts(json.securityGroupIds), ...nics.flatMap((nic) => nic.securityGroupIds)]);
  return {
    id: requiredText(json, "id"),
    projectId: text(json.projectId),
    dataCenterId: text(json.datacenterId) || text(json.dataCenterId),
    machineType: text(json.machineType),
    gpuModel: text(json.gpuModel),
    gpus: number(json.gpuQuantity),
    vcpus: number(json.vcpus),
    memoryGib: number(json.memory),
    bootDiskId: text(record(json.bootDisk).id),
    bootDiskSizeGib: number(json.bootDiskSizeGib) || number(record(json.bootDisk).sizeGib),
    imageId: text(json.publicImageId) || text(json.privateImageId) || text(json.imageId),
    internalIpAddress:
      text(json.internalIpAddress) || (nics.find((nic) => nic.internalIpAddress)?.internalIpAddress ?? ""),
    externalIpAddress:
      text(json.externalIpAddress) ||
      text(json.publicIpAddress) ||
      (nics.find((nic) => nic.externalIpAddress)?.externalIpAddress ?? ""),
    nics,
    securityGroupIds: [...groups],
    storageDiskIds: records(json.storageDisks).map((disk) => text(disk.id)),
    metadata: Object.fromEntries(Object.entries(record(json.metadata)).map(([key, value]) => [key, text(value)])),
    state: text(json.state) || "UNKNOWN",
    shortState: text(json.shortState),
    sshKeySource: text(json.sshKeySource),
    authorizedSshKeys: text(json.authorizedSshKeys)
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean),
    commitmentTerm: text(json.commitmentTerm) || "COMMITMENT_TERM_NONE",
    createTime: text(json.createTime),
  };
}

function decodeNic(json: Json): Nic {
  return {
    networkId: text(json.networkId),
    internalIpAddress: text(json.internalIpAddress),
    externalIpAddress: text(json.externalIpAddress),
    securityGroupIds: texts(json.securityGroupIds),
  };
}

export function decodeDisk(json: Json): Disk {
  return {
    id: requiredText(json, "id"),
    dataCenterId: text(json.dataCenterId),
    sizeGib: number(json.sizeGib),
    state: text(json.diskState) || "UNKNOWN",
    vmId: text(json.vmId),
  };
}

export function decodeNetwork(json: Json): Network {
  return {
    id: requiredText(json, "id"),
    dataCenterId: text(json.dataCenterId),
    ipRange: text(json.ipRange),
    gateway: text(json.gateway),
    internalIpAddress: text(json.internalIpAddress),
    externalIpAddress: text(json.externalIpAddress),
    state: text(json.state) || "STATE_UNKNOWN",
  };
}

export function decodeSecurityGroup(json: Json): SecurityGroup {
  return {
    id: requiredText(json, "id"),
    dataCenterId: text(json.dataCenterId),
    description: text(json.description),
    rules: records(json.rules).map(decodeRule),
  };
}

function decodeRule(json: Json): Rule {
  const optional = (key: "ports" | "ipRangeCidr" | "icmpType") => (text(json[key]) ? { [key]: text(json[key]) } : {});
  return {
    protocol: text(json.protocol) || "PROTOCOL_UNKNOWN",
    ruleType: text(json.ruleType) || "RULE_TYPE_UNKNOWN",
    ...optional("ports"),
    ...optional("ipRangeCidr"),
    ...optional("icmpType"),
  };
}

export function decodeDataCenter(json: Json): DataCenter {
  return {
    id: requiredText(json, "id"),
    supplierName: text(json.supplierName),
    renewableEnergy: json.renewableEnergy === true,
    ipv4Free: number(json.ipv4Free),
    ipv4PriceHr: money(json.ipv4PriceHr),
    networkPriceHr: money(json.networkPriceHr),
  };
}

export function decodeMachineType(json: Json): MachineType {
  return {
    dataCenterId: text(json.dataCenterId),
    machineType: requiredText(json, "machineType"),
    cpuModel: text(json.cpuModel),
    gpuModel: text(json.gpuModel),
    gpuModelId: text(json.gpuModelId),
    minVcpu: number(json.minVcpu),
    minMemoryGib: number(json.minMemoryGib),
    minVcpuPerMemoryGib: number(json.minVcpuPerMemoryGib),
    maxVcpuPerMemoryGib: bound(json.maxVcpuPerMemoryGib),
    minVcpuPerGpu: number(json.minVcpuPerGpu),
    maxVcpuPerGpu: bound(json.maxVcpuPerGpu),
    vcpuPriceHr: money(json.vcpuPriceHr),
    memoryGibPriceHr: money(json.memoryGibPriceHr),
    gpuPriceHr: money(json.gpuPriceHr),
    storageGibPriceHr: money(json.minStorageGibPriceHr),
    ipv4PriceHr: money(json.ipv4PriceHr),
    maxVcpuFree: number(json.maxVcpuFree),
    maxMemoryGibFree: number(json.maxMemoryGibFree),
    maxGpuFree: number(json.maxGpuFree),
    maxStorageGibFree: number(json.maxStorageGibFree),
    totalVcpuFree: number(json.totalVcpuFree),
    totalMemoryGibFree: number(json.totalMemoryGibFree),
    totalGpuFree: number(json.totalGpuFree),
    totalStorageGibFree: number(json.totalStorageGibFree),
  };
}

export function decodeImage(json: Json): Image {
  return {
    id: requiredText(json, "id"),
    name: text(json.displayName) || text(json.name),
    description: text(json.description),
    platform: text(json.platform),
    sizeGib: number(json.sizeGib),
  };
}

/** One of Cudo's own. */
export function decodePublicImage(json: Json): Image {
  return { ...decodeImage(json), packages: records(json.installedPackages).map(({ name }) => text(name)) };
}
