import type { PlannedClusterArgs, PlannedNodeGroupArgs } from "../../sdk/cudo/planned-cluster";
import * as pulumi from "../../sdk/pulumi";
import type { CudoClusterArgs, CudoNodeGroupArgs } from "./args";
import { groupImage } from "./node-groups";
import { controlPlaneProfiles, defaultControlPlaneSize, images } from "./profiles";

export interface PlannedNames {
  clusterName: string;
  /** Of the machines that there is one of. */
  controlPlane: string;
  files: string;
}

/** What of a cluster's arguments Cudo's offer decides about. */
export function plannedArgs(
  { clusterName, controlPlane, files }: PlannedNames,
  machineType: pulumi.Input<string>,
  args: CudoClusterArgs,
): PlannedClusterArgs {
  const machine = (vmId: string, size: keyof typeof controlPlaneProfiles) => {
    return { vmId, machineType, ...controlPlaneProfiles[size], image: images.plain };
  };
  return {
    clusterName,
    dataCenterId: args.dataCenterId,
    controlPlane: machine(controlPlane, args.controlPlane?.size ?? defaultControlPlaneSize),
    ...(args.sharedStorage && { sharedStorage: machine(files, "sm") }),
    nodeGroups: (args.nodeGroups ?? []).map((group) => plannedGroup(group, args.gpu ?? true)),
  };
}

/** Where somebody else makes GPUs into what pods ask for, he may bring the driver, too. */
function plannedGroup(group: CudoNodeGroupArgs, hasGpuSupport: boolean): PlannedNodeGroupArgs {
  const { name, minSize, dataCenterId, machineType, vcpus, memoryGib, diskSizeGib, gpus, gpuModel } = group;
  const shape = { dataCenterId, machineType, vcpus, memoryGib, diskSizeGib, gpus: gpus ?? 0, gpuModel };
  const { gpuVendor = "nvidia", gpuDriver = "image", gpuSharing } = group;
  return {
    name,
    minSize,
    ...shape,
    ...(hasGpuSupport && gpuVendor === "nvidia" && gpuDriver === "image" && { gpuDriver: true }),
    ...(gpuSharing?.mig !== undefined && { mig: true, partitions: gpuSharing.partitions }),
    image: groupImage(group),
  };
}
