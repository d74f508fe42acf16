/** Provider functions of Cudo, for programs. */
import type * as pulumi from "../pulumi";
import { invokeFunction } from "../plugin/custom-resource";

export interface GetMachineTypesArgs {
  /** Only those of this data center. */
  dataCenterId?: string;
  /** Only those whose GPU model contains this, for example `H100`. */
  gpuModel?: string;
}

/** A hardware family in one data center. Prices in USD, per unit and hour. */
export interface MachineTypeOffer {
  dataCenterId: string;
  machineType: string;
  cpuModel: string;
  /** Empty without GPUs. */
  gpuModel: string;
  /** @integer */
  minVcpu: number;
  minMemoryGib: number;
  minVcpuPerMemoryGib: number;
  /** Missing where there is no bound. */
  maxVcpuPerMemoryGib?: number;
  minVcpuPerGpu: number;
  /** Missing where there is no bound. */
  maxVcpuPerGpu?: number;
  vcpuPriceHr: string;
  memoryGibPriceHr: string;
  /** Of one GPU. */
  gpuPriceHr: string;
  storageGibPriceHr: string;
  ipv4PriceHr: string;
  /**
   * vCPUs free on the emptiest host.
   * @integer
   */
  maxVcpuFree: number;
  /** @integer */
  maxMemoryGibFree: number;
  /** @integer */
  maxGpuFree: number;
  /** @integer */
  totalGpuFree: number;
}

export interface GetMachineTypesResult {
  machineTypes: MachineTypeOffer[];
}

/**
 * What VMs can be made of, where, and what is free now.
 * @pulumiFunction gpu-clusters:cudo:getMachineTypes
 */
export function getMachineTypes(
  args: GetMachineTypesArgs = {},
  options?: pulumi.InvokeOptions,
): Promise<GetMachineTypesResult> {
  return invokeFunction("gpu-clusters:cudo:getMachineTypes", { ...args }, options);
}

export interface GetDataCentersArgs {
  /** Only those that run on renewable energy. */
  renewableEnergy?: boolean;
}

/** A data center. Prices in USD per hour. */
export interface DataCenterOffer {
  id: string;
  supplierName: string;
  renewableEnergy: boolean;
  /**
   * Public IPv4 addresses that are free now.
   * @integer
   */
  ipv4Free: number;
  ipv4PriceHr: string;
  networkPriceHr: string;
}

export interface GetDataCentersResult {
  dataCenters: DataCenterOffer[];
}

/**
 * Data centers for VMs.
 * @pulumiFunction gpu-clusters:cudo:getDataCenters
 */
export function getDataCenters(
  args: GetDataCentersArgs = {},
  options?: pulumi.InvokeOptions,
): Promise<GetDataCentersResult> {
  return invokeFunction("gpu-clusters:cudo:getDataCenters", { ...args }, options);
}

export interface GetImagesArgs {
  /** Only those whose id begins with this, newest first. */
  prefix?: string;
}

export interface ImageOffer {
  id: string;
  name: string;
  description: string;
  /** `linux` or `windows`. */
  platform: string;
  /** @integer */
  sizeGib: number;
}

export interface GetImagesResult {
  images: ImageOffer[];
}

/**
 * Public images, and the project's own.
 * @pulumiFunction gpu-clusters:cudo:getImages
 */
export function getImages(args: GetImagesArgs = {}, options?: pulumi.InvokeOptions): Promise<GetImagesResult> {
  return invokeFunction("gpu-clusters:cudo:getImages", { ...args }, options);
}
