import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface ClusterArgs {
  /**
   * Name of the cluster. Another live cluster of the project must not have it.
   * @replaceOnChanges
   */
  name: pulumi.Input<string>;
  /**
   * Region, for example `us-central5-a`. Nodes join from this region only.
   * @replaceOnChanges
   */
  region: pulumi.Input<string>;
  /**
   * SSH keys (`sshkey_…`) that may log in to the control plane as `ubuntu`. Keys that are added later are not authorised there.
   * Keys that the project requires are added by themselves.
   * @replaceOnChanges
   */
  sshKeys: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Instance type of the control plane, by name or fid (`it_…`): one without GPUs.
   * @replaceOnChanges
   */
  instanceType: pulumi.Input<string>;
  /**
   * Kubernetes version.
   * @default "1.34"
   * @replaceOnChanges
   */
  kubernetesVersion?: pulumi.Input<"1.34" | "1.29">;
  /**
   * Image of the control plane (`imgver_…`). Default: Mithril's stable one.
   * @replaceOnChanges
   */
  image?: pulumi.Input<string>;
}

/**
 * A Kubernetes cluster whose control plane Mithril hosts. Instances of spot bids and reservations that name it join by themselves.
 *
 * Mithril needs up to ten minutes to provision one and has no status for a failure: creating fails after 15 minutes, or after
 * `customTimeouts.create`. Nothing of a cluster can be changed: every change makes a new one.
 * Import id: `clust_…`, Mithril's own. Import with `ignoreChanges: ["instanceType"]`: Mithril does not give it back, and another one
 * replaces the cluster.
 */
export class Cluster extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:mithril:Cluster";

  public readonly name!: pulumi.Output<string>;
  public readonly region!: pulumi.Output<string>;
  /** Public address of the control plane: SSH on port 22, Kubernetes on port 6443. */
  public readonly kubeHost!: pulumi.Output<string>;
  /** `https://<kubeHost>:6443` */
  public readonly endpoint!: pulumi.Output<string>;
  /** `Pending`, `Available` or `Terminated`. */
  public readonly status!: pulumi.Output<string>;
  public readonly createdAt!: pulumi.Output<string>;
  /** Project that the cluster is in. */
  public readonly projectId!: pulumi.Output<string>;

  /** The cluster with this fid, `clust_…`, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): Cluster {
    return new Cluster(name, undefined, { ...options, id });
  }

  constructor(name: string, args: ClusterArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: ClusterArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: ClusterArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = ["name", "region", "kubeHost", "endpoint", "status", "createdAt", "projectId"];
    super(Cluster.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
