import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface VolumeArgs {
  /**
   * Name, unique in the project: 1 to 64 lower-case letters, digits and hyphens, starting with a letter. A file share is mounted at
   * `/mnt/<name>`: instances that run keep the old name until they start again.
   */
  name: pulumi.Input<string>;
  /**
   * Region, for example `us-central5-a`: the one of the orders that it is attached to.
   * @replaceOnChanges
   */
  region: pulumi.Input<string>;
  /**
   * `File`: a share that many instances read and write, mounted at `/mnt/<name>`. `Block`: a raw disk of one instance.
   * @replaceOnChanges
   */
  diskInterface: pulumi.Input<"File" | "Block">;
  /**
   * Size in GB, 1 to 32 000. It cannot be changed: another size is another, empty volume.
   * @integer
   * @replaceOnChanges
   */
  sizeGb: pulumi.Input<number>;
}

/**
 * Storage that outlives instances. It can only be deleted while no order has it. Charged per GB and month.
 *
 * Import id: `vol_…`, Mithril's own.
 */
export class Volume extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:mithril:Volume";

  public readonly name!: pulumi.Output<string>;
  public readonly region!: pulumi.Output<string>;
  /** @integer */
  public readonly sizeGb!: pulumi.Output<number>;
  /** Bids that have it (`bid_…`), at the last `up` or `refresh`. */
  public readonly bids!: pulumi.Output<string[]>;
  /** Reservations that have it (`res_…`), at the last `up` or `refresh`. */
  public readonly reservations!: pulumi.Output<string[]>;
  public readonly createdAt!: pulumi.Output<string>;
  /** Project that the volume is in. */
  public readonly projectId!: pulumi.Output<string>;

  /** The volume with this fid, `vol_…`, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): Volume {
    return new Volume(name, undefined, { ...options, id });
  }

  constructor(name: string, args: VolumeArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: VolumeArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: VolumeArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = ["name", "region", "sizeGb", "bids", "reservations", "createdAt", "projectId"];
    super(Volume.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
