import type { PlannedMachines } from "../../sdk/aws/account-ready";
import * as pulumi from "../../sdk/pulumi";
import type { AwsNodeGroupArgs } from "./args";
import { defaultDiskSizeGib } from "./disk";
import { mayOfferGpus } from "./gpus";
import { architectureOf } from "./instance-types";

/** What AWS is asked about a group before anything is made. */
export function plannedMachines(group: AwsNodeGroupArgs): PlannedMachines {
  const { name, instanceTypes, minSize, maxSize, capacity, image, gpus, efa, placementGroup } = group;
  return {
    name,
    instanceTypes,
    minSize,
    maxSize,
    capacity,
    image,
    architecture: pulumi.output(instanceTypes).apply(([first]) => architectureOf(first!)),
    diskSizeGib: group.diskSizeGib ?? defaultDiskSizeGib,
    gpus,
    ...(mayOfferGpus(group) && { gpuVendor: group.gpuVendor ?? "nvidia" }),
    ...(group.gpuSharing?.mig !== undefined && { mig: true, partitions: group.gpuSharing.partitions }),
    gpuDriver: group.gpuDriver !== "operator",
    efa,
    placementGroup,
  };
}
