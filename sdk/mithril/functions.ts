/** Provider functions of Mithril, for programs. */
import type * as pulumi from "../pulumi";
import { invokeFunction } from "../plugin/custom-resource";

export interface GetInstanceTypesArgs {
  /** Only those whose name contains this, for example `h100`. */
  name?: string;
  /** Only those whose auction gives them out in this region. */
  region?: string;
}

export interface InstanceTypeOffer {
  /** `it_…` */
  fid: string;
  /** Several fids may share a name, one for each region. */
  name: string;
  /** @integer */
  vcpus: number;
  cpuType: string;
  /** @integer */
  memoryGb: number;
  /** @integer */
  gpus: number;
  gpuType: string;
  /** @integer */
  gpuMemoryGb: number;
  gpuSocket: string;
  /** @integer */
  localStorageGb: number;
  networkType: string;
  /** Dollars per hour; 0 where only an auction sets the price. */
  hourlyPrice: number;
}

export interface GetInstanceTypesResult {
  instanceTypes: InstanceTypeOffer[];
}

/**
 * What instances can be made of.
 * @pulumiFunction gpu-clusters:mithril:getInstanceTypes
 */
export function getInstanceTypes(
  args: GetInstanceTypesArgs = {},
  options?: pulumi.InvokeOptions,
): Promise<GetInstanceTypesResult> {
  return invokeFunction("gpu-clusters:mithril:getInstanceTypes", { ...args }, options);
}

export interface GetSpotAvailabilityArgs {
  /** Only this region. */
  region?: string;
  /** Only this instance type, by name or fid. */
  instanceType?: string;
}

/** One instance type in one region, as its auction stands. */
export interface SpotMarket {
  /** `it_…` */
  instanceType: string;
  instanceTypeName: string;
  region: string;
  /**
   * Instances that are free now.
   * @integer
   */
  capacity: number;
  /** Dollars per instance and hour, for example `$10.00`. */
  lastInstancePrice: string;
  /** The lowest bid that has instances now; empty where none has. */
  lowestAllocatedPrice: string;
  adjustableMemory: boolean;
}

export interface GetSpotAvailabilityResult {
  markets: SpotMarket[];
}

/**
 * Spot markets, and what they cost now.
 * @pulumiFunction gpu-clusters:mithril:getSpotAvailability
 */
export function getSpotAvailability(
  args: GetSpotAvailabilityArgs = {},
  options?: pulumi.InvokeOptions,
): Promise<GetSpotAvailabilityResult> {
  return invokeFunction("gpu-clusters:mithril:getSpotAvailability", { ...args }, options);
}

export interface GetCurrentPricesArgs {
  /** Instance type, by name or fid (`it_…`). */
  instanceType: string;
  /** Needed where a name has several fids. */
  region?: string;
}

/** Dollars per instance and hour, for example `$16.00`; missing where Mithril has no figure. */
export interface GetCurrentPricesResult {
  spotPrice?: string;
  reservedPrice?: string;
  /** A bid may not be lower. */
  minimumPrice?: string;
  lowestAllocatedBid?: string;
  /**
   * Instances that are free now.
   * @integer
   */
  availableCapacity?: number;
  /** @integer */
  totalCapacity?: number;
}

/**
 * What an instance type costs now.
 * @pulumiFunction gpu-clusters:mithril:getCurrentPrices
 */
export function getCurrentPrices(
  args: GetCurrentPricesArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetCurrentPricesResult> {
  return invokeFunction("gpu-clusters:mithril:getCurrentPrices", { ...args }, options);
}

export interface GetRegionsArgs {
  /** Only those that can have clusters. */
  kubernetes?: boolean;
}

export interface RegionOffer {
  name: string;
  /** Clusters can be made there. */
  kubernetes: boolean;
  blockStorage: boolean;
  fileShares: boolean;
  /** @integer */
  maxVolumeSizeTb: number;
}

export interface GetRegionsResult {
  regions: RegionOffer[];
}

/**
 * Regions and what they support.
 * @pulumiFunction gpu-clusters:mithril:getRegions
 */
export function getRegions(args: GetRegionsArgs = {}, options?: pulumi.InvokeOptions): Promise<GetRegionsResult> {
  return invokeFunction("gpu-clusters:mithril:getRegions", { ...args }, options);
}

export interface GetImagesArgs {
  /** Only those of this region. Required for images of control planes. */
  region?: string;
  /** Images of control planes instead of instances. */
  controlPlane?: boolean;
}

export interface ImageOffer {
  /** `imgver_…` */
  fid: string;
  name: string;
  os: string;
  kernel: string;
  /** The default. */
  stable: boolean;
  nvidiaDriver: string;
  cuda: string;
}

export interface GetImagesResult {
  images: ImageOffer[];
}

/**
 * Images, the stable one first.
 * @pulumiFunction gpu-clusters:mithril:getImages
 */
export function getImages(args: GetImagesArgs = {}, options?: pulumi.InvokeOptions): Promise<GetImagesResult> {
  return invokeFunction("gpu-clusters:mithril:getImages", { ...args }, options);
}
