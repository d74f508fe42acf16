/** What instance types are, and where they can be had. */
import {
  DescribeInstanceTypesCommand,
  paginateDescribeInstanceTypeOfferings,
  type DescribeInstanceTypeOfferingsCommandInput,
  type EC2Client,
  type GpuDeviceInfo,
  type InstanceTypeInfo,
  type InstanceTypeOffering,
} from "@aws-sdk/client-ec2";
import type { InstanceTypeResult } from "../../sdk/aws/functions";
import { everyItem } from "./pages";

export interface InstanceTypeFacts {
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  /** Zero without GPUs. */
  readonly gpus: number;
  /** Empty without GPUs. */
  readonly gpuModel: string;
  /** Empty without GPUs: `NVIDIA`. */
  readonly gpuVendor: string;
  /** For example `x86_64`. */
  readonly architectures: readonly string[];
  readonly spot: boolean;
  /** Elastic Fabric Adapters that it takes; 0: none. */
  readonly efaInterfaces: number;
  readonly networkCards: number;
  /** For example `cluster`. */
  readonly placementStrategies: readonly string[];
}

/** A place in which a type is offered. */
export interface Offering {
  readonly instanceType: string;
  readonly zone: string;
}

/** Where these types are offered, by zone. */
export async function readOfferings(
  ec2: EC2Client,
  instanceTypes: readonly string[],
  signal: AbortSignal,
): Promise<Offering[]> {
  const Filters = [{ Name: "instance-type", Values: [...instanceTypes] }];
  const found = await offerings(ec2, { LocationType: "availability-zone", Filters }, signal);
  return found.map(({ InstanceType, Location }) => ({ instanceType: InstanceType ?? "", zone: Location ?? "" }));
}

/** All types of the region. */
export async function readOfferedTypes(ec2: EC2Client, signal: AbortSignal): Promise<string[]> {
  const found = await offerings(ec2, { LocationType: "region" }, signal);
  return found.flatMap(({ InstanceType }) => InstanceType ?? []);
}

async function offerings(
  ec2: EC2Client,
  query: DescribeInstanceTypeOfferingsCommandInput,
  signal: AbortSignal,
): Promise<InstanceTypeOffering[]> {
  const pages = paginateDescribeInstanceTypeOfferings({ client: ec2 }, query, { abortSignal: signal });
  return everyItem(pages, ({ InstanceTypeOfferings }) => InstanceTypeOfferings);
}

/** Types must be offered in the region: AWS refuses the whole call for one that is not. */
export async function readInstanceTypes(
  ec2: EC2Client,
  instanceTypes: readonly string[],
  signal: AbortSignal,
): Promise<InstanceTypeFacts[]> {
  if (instanceTypes.length === 0) return [];
  const command = new DescribeInstanceTypesCommand({ InstanceTypes: instanceTypes as never });
  const { InstanceTypes } = await ec2.send(command, { abortSignal: signal });
  return (InstanceTypes ?? []).map(facts);
}

/** What templates depend on, of those types that the region offers, in the order given. */
export async function describeTypes(
  ec2: EC2Client,
  instanceTypes: readonly string[],
  signal: AbortSignal,
): Promise<InstanceTypeResult[]> {
  const offerings = await readOfferings(ec2, instanceTypes, signal);
  const zonesOf = (type: string) =>
    offerings.filter(({ instanceType }) => instanceType === type).map(({ zone }) => zone);
  const offered = [...new Set(instanceTypes)].filter((type) => zonesOf(type).length > 0);
  const known = await readInstanceTypes(ec2, offered, signal);
  return offered.flatMap((type) =>
    known
      .filter(({ name }) => name === type)
      .map(({ name, gpus, gpuModel, gpuVendor, efaInterfaces, networkCards, placementStrategies }) => ({
        name,
        gpus,
        gpuModel,
        gpuVendor,
        efaInterfaces,
        networkCards,
        placementStrategies: [...placementStrategies],
        zones: zonesOf(name).sort(),
      })),
  );
}

function facts(info: InstanceTypeInfo): InstanceTypeFacts {
  const gpus = info.GpuInfo?.Gpus ?? [];
  return {
    name: info.InstanceType ?? "",
    vcpus: info.VCpuInfo?.DefaultVCpus ?? 0,
    memoryMib: info.MemoryInfo?.SizeInMiB ?? 0,
    // Of a part of one, AWS tells as of none.
    gpus: gpus.reduce((sum, gpu) => sum + Math.max(1, gpu.Count ?? 0), 0),
    gpuVendor: gpus[0]?.Manufacturer ?? "",
    gpuModel: gpus[0] ? modelOf(gpus[0]) : "",
    architectures: info.ProcessorInfo?.SupportedArchitectures ?? [],
    spot: (info.SupportedUsageClasses ?? []).includes("spot"),
    efaInterfaces: info.NetworkInfo?.EfaInfo?.MaximumEfaInterfaces ?? 0,
    networkCards: info.NetworkInfo?.MaximumNetworkCards ?? 1,
    placementStrategies: info.PlacementGroupInfo?.SupportedStrategies ?? [],
  };
}

function modelOf({ Name = "", MemoryInfo }: GpuDeviceInfo): string {
  // NVIDIA sells two kinds under this name.
  return Name === "A100" && (MemoryInfo?.SizeInMiB ?? 0) > 40_960 ? "A100 80GB" : Name;
}

/** In words: `8 × NVIDIA H100`. */
export function gpusInWords({
  gpus,
  gpuVendor,
  gpuModel,
}: Pick<InstanceTypeFacts, "gpus" | "gpuVendor" | "gpuModel">): string {
  return `${gpus} × ${[gpuVendor, gpuModel].filter(Boolean).join(" ")}`;
}

/** The shape in words, by which types of one group must be equal. */
export function shapeOf(type: InstanceTypeFacts): string {
  const memory = `${Number((type.memoryMib / 1024).toFixed(2))} GiB`;
  return [`${type.vcpus} vCPUs`, memory, type.gpus > 0 && gpusInWords(type)].filter(Boolean).join(", ");
}
