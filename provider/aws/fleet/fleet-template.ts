/** What a node of a fleet is going to be. Reads AWS: the launch template, the image, the types, the subnets. */
import type { EC2Client, ResponseLaunchTemplateData } from "@aws-sdk/client-ec2";
import type { NodeTemplate } from "../../node-groups/driver";
import { nodeTemplate } from "../../node-groups/template";
import { regionOf } from "../clients";
import { readImage } from "../images";
import { readInstanceTypes, type InstanceTypeFacts } from "../instance-types";
import { readSubnetZones, readTemplate } from "../preflight/preflight-facts";
import type { FleetSpec } from "./fleet-spec";

/** Where the launch template leaves the root disk as the image has it: that of Ubuntu's. */
const imageDiskGib = 8;

/** Names under which device plugins announce GPUs, by EC2's word for the maker. */
const gpuResources: Readonly<Record<string, string>> = {
  NVIDIA: "nvidia.com/gpu",
  AMD: "amd.com/gpu",
  Habana: "habana.ai/gaudi",
};
/** As AWS's EFA device plugin announces adapters. */
const efaResource = "vpc.amazonaws.com/efa";

export async function fleetTemplate(ec2: EC2Client, spec: FleetSpec, signal: AbortSignal): Promise<NodeTemplate> {
  const version = String(spec.launchTemplateVersion);
  const [types, data, { zones }] = await Promise.all([
    readInstanceTypes(ec2, spec.instanceTypes, signal),
    readTemplate(ec2, spec.launchTemplateId, version, signal),
    readSubnetZones(ec2, spec.subnetIds, "subnetIds", signal),
  ]);
  const [first] = types;
  if (!first) throw new Error(`instanceTypes: AWS knows none of ${spec.instanceTypes.join(", ")}`);
  if (!data) throw noTemplate(spec);
  const image = data.ImageId ? await readImage(ec2, data.ImageId, signal) : undefined;
  const architecture = (image?.Architecture ?? first.architectures[0]) === "arm64" ? "arm64" : "amd64";
  const [zone, ...otherZones] = zones;
  const labels = {
    ...(spec.instanceTypes.length === 1 && { "node.kubernetes.io/instance-type": first.name }),
    ...(zone !== undefined && { "topology.kubernetes.io/region": await regionOf(ec2) }),
    ...(zone !== undefined && otherZones.length === 0 && { "topology.kubernetes.io/zone": zone }),
    ...spec.labels,
  };
  return nodeTemplate({
    labels,
    taints: spec.taints ?? [],
    architecture,
    // The types of a group are of one shape, if nobody made it by hand.
    vcpus: Math.min(...types.map(({ vcpus }) => vcpus)),
    memoryMib: Math.min(...types.map(({ memoryMib }) => memoryMib)),
    diskGib: data.BlockDeviceMappings?.find(({ Ebs }) => Ebs?.VolumeSize)?.Ebs?.VolumeSize ?? imageDiskGib,
    devices: { ...gpusOf(spec, types), [efaResource]: adaptersOf(data) },
    zones,
  });
}

export function noTemplate({ launchTemplateId, launchTemplateVersion }: FleetSpec): Error {
  return new Error(`launchTemplateId: ${launchTemplateId} has no version ${launchTemplateVersion}`);
}

function gpusOf({ gpus }: FleetSpec, types: readonly InstanceTypeFacts[]): Record<string, number> {
  if (gpus) return { [gpus.name ?? "nvidia.com/gpu"]: gpus.count };
  const { gpuVendor } = types[0]!;
  return { [gpuResources[gpuVendor] ?? "nvidia.com/gpu"]: Math.min(...types.map((type) => type.gpus)) };
}

function adaptersOf({ NetworkInterfaces = [] }: ResponseLaunchTemplateData): number {
  return NetworkInterfaces.filter(({ InterfaceType }) => InterfaceType === "efa" || InterfaceType === "efa-only")
    .length;
}
