/** Provider functions of AWS, for programs. */
import type * as pulumi from "../pulumi";
import { invokeFunction } from "../plugin/custom-resource";
import type { CapacityArgs } from "./capacity";

export interface GetImageArgs {
  /**
   * Release of Ubuntu.
   * @default "24.04"
   */
  ubuntu?: "22.04" | "24.04";
  /** @default "x86_64" */
  architecture?: "x86_64" | "arm64";
  /**
   * With NVIDIA's driver: AWS's Deep Learning Base image.
   * @default false
   */
  gpu?: boolean;
}

export interface GetImageResult {
  /** For example `ami-0123456789abcdef0`. */
  imageId: string;
  name: string;
  architecture: string;
  /** RFC 3339. */
  createdAt: string;
  /** The device that a launch template names to size the root disk. */
  rootDeviceName: string;
}

/**
 * The newest image of Ubuntu for machines. A program that must not replace machines when a newer image comes out keeps the id.
 * @pulumiFunction gpu-clusters:aws:getImage
 */
export function getImage(args: GetImageArgs = {}, options?: pulumi.InvokeOptions): Promise<GetImageResult> {
  return invokeFunction("gpu-clusters:aws:getImage", { ...args }, options);
}

export interface GetInstanceTypesArgs {
  /** For example `["p5.48xlarge"]`. */
  instanceTypes: string[];
}

/** What an instance type is, as far as a node group depends on it. */
export interface InstanceTypeResult {
  name: string;
  /**
   * GPUs of a machine; 0: none. A part of one counts as one.
   * @integer
   */
  gpus: number;
  /** For example `H100`; empty without GPUs. */
  gpuModel: string;
  /** For example `NVIDIA`; empty without GPUs. */
  gpuVendor: string;
  /**
   * Elastic Fabric Adapters that it takes; 0: none.
   * @integer
   */
  efaInterfaces: number;
  /**
   * @integer
   * @integer
   */
  networkCards: number;
  /** Placement groups that it can be in: `cluster`, `partition`, `spread`. */
  placementStrategies: string[];
  /** Zones of the region that offer it. */
  zones: string[];
}

export interface GetInstanceTypesResult {
  /** Those of the types that the region offers, in the order given. */
  instanceTypes: InstanceTypeResult[];
}

/**
 * What instance types are, and in which zones they can be had.
 * @pulumiFunction gpu-clusters:aws:getInstanceTypes
 */
export function getInstanceTypes(
  args: GetInstanceTypesArgs,
  options?: pulumi.InvokeOptions,
): Promise<GetInstanceTypesResult> {
  return invokeFunction("gpu-clusters:aws:getInstanceTypes", { ...args }, options);
}

/** A node group as it is going to be. */
export interface PlannedNodeGroup {
  /** The caller's own name of it, under which problems are reported, for example `nodeGroups[2]`. */
  path: string;
  instanceTypes: string[];
  /** Default: on-demand. */
  capacity?: pulumi.Unwrap<CapacityArgs>;
  /** @integer */
  minSize: number;
  /** @integer */
  maxSize: number;
  /** Architecture of the group's image; not compared when missing. */
  architecture?: string;
}

export interface GetPreflightArgs {
  nodeGroups?: PlannedNodeGroup[];
  /** Name of a key pair that must exist. */
  keyPair?: string;
  /** Zones that machines are to be in. */
  zones?: string[];
}

/** One thing that stands in the way. */
export interface PreflightProblem {
  /** The caller's own name of what is wrong, for example `nodeGroups[2].instanceTypes[0]`. */
  property: string;
  reason: string;
}

export interface GetPreflightResult {
  /** AWS account id that the credentials are of. */
  accountId: string;
  region: string;
  /** What would keep machines from being made. */
  problems: PreflightProblem[];
  /** What may. */
  warnings: string[];
}

/**
 * Looks whether AWS could give what is planned: instance types offered and of one shape, vCPU quotas, the key pair. Reads only.
 * @pulumiFunction gpu-clusters:aws:getPreflight
 */
export function getPreflight(args: GetPreflightArgs, options?: pulumi.InvokeOptions): Promise<GetPreflightResult> {
  return invokeFunction("gpu-clusters:aws:getPreflight", { ...args }, options);
}
