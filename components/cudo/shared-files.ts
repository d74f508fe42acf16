import { Disk } from "../../sdk/cudo/disk";
import { Vm } from "../../sdk/cudo/vm";
import * as pulumi from "../../sdk/pulumi";
import type { MachineVaultArgs } from "../../sdk/vault/machine-vault";
import type { AddOn } from "../addons/add-on";
import { nfsStorage } from "../addons/shared-storage/nfs";
import { oldFirst } from "../anew";
import type { CudoSharedStorageArgs } from "./args";
import { dataDiskEncryption } from "./documents";
import { nfsServerScript } from "./nfs-server";
import { controlPlaneProfiles, images } from "./profiles";
import { documentVault } from "./vault";

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
  /** Undefined: the disk is not encrypted. */
  vault: MachineVaultArgs | undefined;
}

/** A file server: a VM whose one data disk outlives it. Volumes name its address, so that the VM is kept as the disk is. */
export function sharedFiles(
  name: string,
  { sizeGib, protect = true }: CudoSharedStorageArgs,
  place: FilesPlace,
  child: pulumi.CustomResourceOptions,
): AddOn {
  const { dataCenterId, vmId, diskId, vault } = place;
  const disk = new Disk(
    `${name}-files`,
    { diskId, dataCenterId, sizeGib, ...(vault && { encryption: { vault, vmId } }) },
    oldFirst({ ...child, protect }),
  );
  const server = new Vm(
    `${name}-file-server`,
    {
      vmId,
      dataCenterId,
      machineType: place.machineType,
      ...controlPlaneProfiles.sm,
      image: images.plain,
      storageDiskIds: [disk.diskId],
      nics: [{ networkId: place.networkId, assignPublicIp: true, securityGroupIds: [place.securityGroupId] }],
      sshKeySource: "SSH_KEY_SOURCE_NONE",
      ...(vault ? { vault } : { customSshKeys: place.authorizedKeys }),
      startScript: script(place),
    },
    // Another script or image is no reason to make it anew: it would have another address. One from before the vault keeps its keys to log in with, which
    // are in no script of its own.
    oldFirst({
      ...child,
      protect,
      ignoreChanges: ["startScript", "image", "diskSizeGib", "machineType", ...(vault ? ["customSshKeys"] : [])],
    }),
  );
  return nfsStorage({ server: server.internalIpAddress, ready: [server] });
}

function script({ networkCidr: network, diskId, authorizedKeys, vault }: FilesPlace): pulumi.Input<string> {
  if (vault === undefined) return nfsServerScript({ network });
  return pulumi
    .all([documentVault(vault), pulumi.all(authorizedKeys)])
    .apply(([vault, authorizedKeys]) =>
      nfsServerScript({ network, encryption: dataDiskEncryption(vault!, diskId), authorizedKeys }),
    );
}
