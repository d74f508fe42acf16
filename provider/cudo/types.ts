/**
 * Cudo's objects as this package uses them: decoded, with Cudo's several spellings made one and what is missing made zero or empty.
 * Reference: Cudo REST API v1 (rest.compute.cudo.org).
 */
import type { DataCenterOffer, ImageOffer, MachineTypeOffer } from "../../sdk/cudo/functions";

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

export type DataCenter = DataCenterOffer;

/** A hardware family in one data center. Infinity stands where a ratio has no upper bound. A VM's size is free within the bounds. */
export interface MachineType extends Required<MachineTypeOffer> {
  gpuModelId: string;
  maxStorageGibFree: number;
  /** Free on all hosts together. */
  totalVcpuFree: number;
  totalMemoryGibFree: number;
  totalStorageGibFree: number;
}

export interface Image extends ImageOffer {
  /** What Cudo says is in it; left out of an image that the project made itself. */
  packages?: string[];
}
