import * as pulumi from "../pulumi";
import type { MachineVaultArgs } from "../vault/machine-vault";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

/** Where the key of what is on a disk is. The VM that has the disk makes it, by its own role. */
export interface DiskEncryptionArgs {
  /** The VM's own (`Vm.vault`). The provider's `vault.token` acts. Address, namespace and mounts stay as they are. */
  vault: pulumi.Input<MachineVaultArgs>;
  /**
   * Id of the VM, and of those that take its place: the key is under `gpu-clusters/<project>.<vmId>/disks/<diskId>`, which only they may read. It stays
   * as it is.
   */
  vmId: pulumi.Input<string>;
}

export interface DiskArgs {
  /**
   * Id of the disk, unique in the project: 1 to 30 lower-case letters, digits and hyphens, starting with a letter.
   * Default: the resource's name, made valid.
   * @replaceOnChanges
   */
  diskId?: pulumi.Input<string>;
  /**
   * Data center, for example `us-newyork-1`. A disk can only be attached to VMs there.
   * @replaceOnChanges
   */
  dataCenterId: pulumi.Input<string>;
  /**
   * Size in GiB. Growing it happens in place, while it is attached to a VM; shrinking it makes a new, empty disk.
   * @integer
   */
  sizeGib: pulumi.Input<number>;
  /**
   * What is on the disk is encrypted, with a key in Vault whose life is the disk's: once the disk is deleted, and not before, the key is destroyed, and
   * a new disk under its name begins without one. Deleting the VM leaves it. Encrypting is up to the VM's `startScript`.
   */
  encryption?: pulumi.Input<DiskEncryptionArgs>;
}

/**
 * A storage disk that outlives the VMs that it is attached to (`Vm.storageDiskIds`). Charged per GiB and hour, attached or not.
 *
 * Cudo deletes disks when the account's credit is used up.
 * Import id: `<diskId>`.
 */
export class Disk extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:cudo:Disk";

  public readonly diskId!: pulumi.Output<string>;
  public readonly dataCenterId!: pulumi.Output<string>;
  /** @integer */
  public readonly sizeGib!: pulumi.Output<number>;
  /** Project that the disk is in. */
  public readonly projectId!: pulumi.Output<string>;

  /** The disk with this id, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): Disk {
    return new Disk(name, undefined, { ...options, id });
  }

  constructor(name: string, args: DiskArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: DiskArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: DiskArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = ["diskId", "dataCenterId", "sizeGib", "projectId"];
    super(Disk.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
