import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";
import type { InstanceState } from "./spot-bid";

export interface ReservationArgs {
  /**
   * Name of the reservation; its instances are called `<name>-1`, `<name>-2`, … Another live order of the project must not have it.
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
  /**
   * Instances.
   * @default 1
   * @integer
   * @replaceOnChanges
   */
  quantity?: pulumi.Input<number>;
  /**
   * When it begins, as RFC 3339: `2026-12-01T08:00:00Z`. A time that has passed by a few minutes counts as now.
   * @replaceOnChanges
   */
  start: pulumi.Input<string>;
  /** When it ends: 3 to 336 whole hours after the start. A later end extends it, at the price of then; an earlier one makes a new one. */
  end: pulumi.Input<string>;
  /**
   * Most to pay per instance and hour, in dollars: `$22.00`. The preview tells what Mithril asks for now; an order or an extension that
   * would cost more is refused. Default: whatever it costs when it is ordered.
   */
  maxUnitPrice?: pulumi.Input<string>;
  /**
   * SSH keys (`sshkey_…`) that may log in as `ubuntu`. Keys that the project requires are added by themselves.
   * @replaceOnChanges
   */
  sshKeys: pulumi.Input<pulumi.Input<string>[]>;
  /** Volumes (`vol_…`) of the same region. */
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
   * Stops the instances while it is true; Mithril credits hours paused.
   * @default false
   */
  paused?: pulumi.Input<boolean>;
  /**
   * What destroying means: a reservation is paid up front and cannot be cancelled. `terminateInstances` stops its instances for good;
   * `keep` leaves everything running and only forgets it. Without one of them it cannot be destroyed before its end.
   */
  onDestroy?: pulumi.Input<"terminateInstances" | "keep">;
}

/**
 * Instances for a fixed time at a fixed price, charged in full when it is made.
 *
 * Import id: `res_…`, Mithril's own. The import has the instance type as `it_…`: a program that names it otherwise replaces the
 * reservation.
 */
export class Reservation extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:mithril:Reservation";

  public readonly name!: pulumi.Output<string>;
  public readonly region!: pulumi.Output<string>;
  public readonly instanceType!: pulumi.Output<string>;
  /** `Pending`, `Active`, `Paused`, `Canceled` or `Ended`, at the last `up` or `refresh`. */
  public readonly status!: pulumi.Output<string>;
  /** Its instances, at the last `up` or `refresh`. */
  public readonly instances!: pulumi.Output<InstanceState[]>;
  /** Dollars for all of it, for example `$47.76`. */
  public readonly totalPrice!: pulumi.Output<string>;
  /** Dollars per instance and hour. */
  public readonly unitPrice!: pulumi.Output<string>;
  public readonly createdAt!: pulumi.Output<string>;
  /** Project that the reservation is in. */
  public readonly projectId!: pulumi.Output<string>;

  /** The reservation with this fid, `res_…`, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): Reservation {
    return new Reservation(name, undefined, { ...options, id });
  }

  constructor(name: string, args: ReservationArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: ReservationArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: ReservationArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = [
      "name",
      "region",
      "instanceType",
      "status",
      "projectId",
      "instances",
      "totalPrice",
      "unitPrice",
      "createdAt",
    ];
    super(Reservation.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
