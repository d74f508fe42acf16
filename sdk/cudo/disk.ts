import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

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
}

/**
 * A storage disk that outlives the VMs that it is attached to (`Vm.storageDiskIds`). Charged per GiB and hour, attached or not.
 *
 * Cudo deletes disks when the account's credit is used up.
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
