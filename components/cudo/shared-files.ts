import { Disk } from "../../sdk/cudo/disk";
import { Vm } from "../../sdk/cudo/vm";
import type * as pulumi from "../../sdk/pulumi";
import type { AddOn } from "../addons/add-on";
import { nfsStorage } from "../addons/shared-storage/nfs";
import type { CudoSharedStorageArgs } from "./args";
import { nfsServerScript } from "./nfs-server";
import { controlPlaneProfiles, images } from "./profiles";

export interface FilesPlace {
  vmId: string;
  diskId: string;
  dataCenterId: pulumi.Input<string>;
  machineType: pulumi.Input<string>;
  networkId: pulumi.Input<string>;
  /** Range of the VMs' network. */
  networkCidr: string;
  securityGroupId: pulumi.Input<string>;
  authorizedKeys: pulumi.Input<string>[];
}

/** A file server: a VM whose one data disk outlives it. Volumes name its address, so that the VM is kept as the disk is. */
export function sharedFiles(
  name: string,
  { sizeGib, protect = true }: CudoSharedStorageArgs,
  place: FilesPlace,
  child: pulumi.CustomResourceOptions,
): AddOn {
  const { dataCenterId } = place;
  const disk = new Disk(`${name}-files`, { diskId: place.diskId, dataCenterId, sizeGib }, { ...child, protect });
  const server = new Vm(
    `${name}-file-server`,
    {
      vmId: place.vmId,
      dataCenterId,
      machineType: place.machineType,
      ...controlPlaneProfiles.sm,
      image: images.plain,
      storageDiskIds: [disk.diskId],
      nics: [{ networkId: place.networkId, assignPublicIp: true, securityGroupIds: [place.securityGroupId] }],
      sshKeySource: "SSH_KEY_SOURCE_NONE",
      customSshKeys: place.authorizedKeys,
      startScript: nfsServerScript({ network: place.networkCidr }),
    },
    // Another script or image is no reason to make it anew: it would have another address.
    { ...child, protect, ignoreChanges: ["startScript", "image", "diskSizeGib", "machineType"] },
  );
  return nfsStorage({ server: server.internalIpAddress, ready: [server] });
}
