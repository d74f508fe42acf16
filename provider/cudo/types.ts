/**
 * Cudo's objects as this package uses them: decoded, with Cudo's several spellings made one and what is missing made zero or empty.
 * Reference: Cudo REST API v1 (rest.compute.cudo.org).
 */
export type VmState =
  | "ACTIVE"
  | "CLONING"
  | "CREATING_SNAPSHOT"
  | "DELETED"
  | "DELETING"
  | "DELETING_SNAPSHOT"
  | "FAILED"
  | "HOTPLUGGING"
  | "MIGRATING"
  | "PENDING"
  | "RECREATING"
  | "RESIZING"
  | "RESIZING_DISK"
  | "REVERTING_SNAPSHOT"
  | "STARTING"
  | "STOPPED"
  | "STOPPING"
  | "SUSPENDED"
  | "SUSPENDING"
  | "UNKNOWN";

export interface Nic {
  networkId: string;
  internalIpAddress: string;
  externalIpAddress: string;
  securityGroupIds: string[];
}

export interface Vm {
  id: string;
  projectId: string;
  dataCenterId: string;
  machineType: string;
  gpuModel: string;
  gpus: number;
  vcpus: number;
  memoryGib: number;
  bootDiskId: string;
  bootDiskSizeGib: number;
  /** Public or private image. */
  imageId: string;
  internalIpAddress: string;
  externalIpAddress: string;
  nics: Nic[];
  securityGroupIds: string[];
  storageDiskIds: string[];
  metadata: Record<string, string>;
  /** One of `VmState`, or a state newer than this package. */
  state: string;
  /** The hypervisor's own word for it. */
  shortState: string;
  sshKeySource: string;
  authorizedSshKeys: string[];
  commitmentTerm: string;
  createTime: string;
}

/** Body of `POST /v1/projects/{p}/vm`. */
export interface VmRequest {
  vmId: string;
  dataCenterId: string;
  machineType: string;
  bootDiskImageId: string;
  vcpus: number;
  memoryGib: number;
  gpus: number;
  bootDiskSizeGib?: number;
  storageDiskIds?: string[];
  nics?: { networkId: string; assignPublicIp?: boolean; securityGroupIds?: string[] }[];
  securityGroupIds?: string[];
  sshKeySource?: string;
  customSshKeys?: string[];
  startScript?: string;
  metadata?: Record<string, string>;
  commitmentTerm?: string;
}

export interface Disk {
  id: string;
  dataCenterId: string;
  sizeGib: number;
  /** `READY`, `ATTACHED`, `CREATING`, `FAILED`, … */
  state: string;
  /** Empty while it is not attached. */
  vmId: string;
}

export interface Network {
  id: string;
  dataCenterId: string;
  ipRange: string;
  gateway: string;
  internalIpAddress: string;
  externalIpAddress: string;
  /** `ACTIVE`, `CREATING`, `FAILED`, … */
  state: string;
}

export interface Rule {
  protocol: string;
  ruleType: string;
  ports?: string;
  ipRangeCidr?: string;
  icmpType?: string;
}

export interface SecurityGroup {
  id: string;
  dataCenterId: string;
  description: string;
  rules: Rule[];
}

export interface DataCenter {
  id: string;
  supplierName: string;
  renewableEnergy: boolean;
  /** Public IPv4 addresses that are free now. */
  ipv4Free: number;
  ipv4PriceHr: string;
  networkPriceHr: string;
}

/** A hardware family in one data center. Prices are per unit and hour, in USD; a VM's size is free within the bounds. */
export interface MachineType {
  dataCenterId: string;
  machineType: string;
  cpuModel: string;
  /** Empty where it has no GPUs. */
  gpuModel: string;
  gpuModelId: string;
  minVcpu: number;
  minMemoryGib: number;
  minVcpuPerMemoryGib: number;
  /** Infinity where there is no bound. */
  maxVcpuPerMemoryGib: number;
  minVcpuPerGpu: number;
  /** Infinity where there is no bound. */
  maxVcpuPerGpu: number;
  vcpuPriceHr: string;
  memoryGibPriceHr: string;
  gpuPriceHr: string;
  storageGibPriceHr: string;
  ipv4PriceHr: string;
  /** Free on the emptiest host. */
  maxVcpuFree: number;
  maxMemoryGibFree: number;
  maxGpuFree: number;
  maxStorageGibFree: number;
  /** Free on all hosts together. */
  totalVcpuFree: number;
  totalMemoryGibFree: number;
  totalGpuFree: number;
  totalStorageGibFree: number;
}

export interface Image {
  id: string;
  name: string;
  description: string;
  platform: string;
  sizeGib: number;
}
