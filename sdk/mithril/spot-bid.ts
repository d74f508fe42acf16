import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface SpotBidArgs {
  /**
   * Name of the bid; its instances are called `<name>-1`, `<name>-2`, … Another live order of the project must not have it.
   * @replaceOnChanges
   */
  name: pulumi.Input<string>;
  /**
   * Region, for example `us-central5-a`.
   * @replaceOnChanges
   */
  region: pulumi.Input<string>;
  /**
   * Instance type, by name (`h100-80gb.sxm.8x`) or fid (`it_…`).
   * @replaceOnChanges
   */
  instanceType: pulumi.Input<string>;
  /** Most to pay per instance and hour, in dollars: `$25.60`. What is paid is the market's price. */
  limitPrice: pulumi.Input<string>;
  /**
   * Instances, all or none of which are won.
   * @default 1
   * @integer
   * @replaceOnChanges
   */
  quantity?: pulumi.Input<number>;
  /**
   * SSH keys (`sshkey_…`) that may log in as `ubuntu`. Keys that the project requires are added by themselves.
   * @replaceOnChanges
   */
  sshKeys: pulumi.Input<pulumi.Input<string>[]>;
  /** Volumes (`vol_…`) of the same region. Changing them pauses the bid for a moment, which stops its instances. */
  volumes?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Bash script that runs on the first boot as root, at most 10 000 characters. Everybody in the project can read it: no secrets.
   * @replaceOnChanges
   */
  startupScript?: pulumi.Input<string>;
  /**
   * Cluster (`clust_…`) of the same region that the instances join.
   * @replaceOnChanges
   */
  cluster?: pulumi.Input<string>;
  /**
   * Image (`imgver_…`). Default: Mithril's stable one.
   * @replaceOnChanges
   */
  image?: pulumi.Input<string>;
  /**
   * Memory in GB, where the market lets it be chosen.
   * @integer
   */
  memoryGb?: pulumi.Input<number>;
  /**
   * A paused bid has no instances and costs nothing; boot disks are kept.
   * @default false
   */
  paused?: pulumi.Input<boolean>;
}

/** An instance of an order. */
export interface InstanceState {
  /** `inst_…` */
  id: string;
  name: string;
  /** `STATUS_RUNNING`, `STATUS_PREEMPTING`, … */
  status: string;
  /** `host` or `host:port` for SSH as `ubuntu`; empty while it has no address. */
  sshDestination: string;
  privateIp: string;
}

/**
 * A bid in the spot auction. It stays until it is deleted: outbid, its instances get five minutes' notice and stop, and when it wins again
 * they come back. Being outbid is no error; a bid that is terminated is made again by the next `up`.
 * Import id: `bid_…`, Mithril's own. The import has the instance type as `it_…`: a program that names it otherwise replaces the bid.
 */
export class SpotBid extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:mithril:SpotBid";

  public readonly name!: pulumi.Output<string>;
  public readonly region!: pulumi.Output<string>;
  public readonly instanceType!: pulumi.Output<string>;
  public readonly limitPrice!: pulumi.Output<string>;
  /** `Open`, `Allocated`, `Preempting`, `Paused`, `Terminated` or `Relocating`, at the last `up` or `refresh`. */
  public readonly status!: pulumi.Output<string>;
  /** Its instances, at the last `up` or `refresh`. */
  public readonly instances!: pulumi.Output<InstanceState[]>;
  public readonly createdAt!: pulumi.Output<string>;
  /** Project that the bid is in. */
  public readonly projectId!: pulumi.Output<string>;

  /** The bid with this fid, `bid_…`, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): SpotBid {
    return new SpotBid(name, undefined, { ...options, id });
  }

  constructor(name: string, args: SpotBidArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: SpotBidArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: SpotBidArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = ["name", "region", "instanceType", "limitPrice", "status", "instances", "createdAt", "projectId"];
    super(SpotBid.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
