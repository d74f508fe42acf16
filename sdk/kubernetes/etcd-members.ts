import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface EtcdMembersArgs {
  /**
   * Name of the cluster. Another name is another cluster, with machines of its own.
   * @replaceOnChanges
   */
  clusterName: pulumi.Input<string>;
  /** What the machines that keep etcd together are known by, for example their instances' ids. */
  machines: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * The machines that keep a cluster's etcd together. It makes nothing: where so many of them are gone at once that no majority is left to take
 * new ones in, it refuses to go on, at the preview already, because machines made anew would wait for a cluster that there is no more. What
 * needs the cluster depends on this resource. Free of charge.
 * It cannot be imported: make it in the program.
 */
export class EtcdMembers extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:EtcdMembers";

  public readonly clusterName!: pulumi.Output<string>;
  public readonly machines!: pulumi.Output<string[]>;

  constructor(name: string, args: EtcdMembersArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["clusterName", "machines"];
    super(EtcdMembers.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
