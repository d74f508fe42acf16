import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface MachinesReturnedArgs {
  /**
   * Kubeconfig of the cluster that has the claims, YAML; its current context counts.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /**
   * Name of the cluster that machines are claimed for.
   * @replaceOnChanges
   */
  clusterName: pulumi.Input<string>;
  /**
   * The project of vCluster Platform that it is in. Default: there is no such platform, and its machines are Cluster API's, in the namespace of the hosts.
   * @replaceOnChanges
   */
  project?: pulumi.Input<string>;
  /**
   * Kubeconfig of the cluster that has the hosts, YAML, where they are in another. Default: `kubeconfig`.
   * @secret
   */
  hostKubeconfig?: pulumi.Input<string>;
  /**
   * Namespace of the hosts.
   * @replaceOnChanges
   */
  hostNamespace: pulumi.Input<string>;
  /** What to look at when they do not come back: the end of the error. */
  hint?: pulumi.Input<string>;
  /**
   * How long its deletion waits, in seconds. `customTimeouts` overrides it.
   * @integer
   * @default 3600
   */
  timeoutSeconds?: pulumi.Input<number>;
}

/**
 * Waits, when it is deleted, until no machine is claimed for a cluster any more and the servers that it had are free: the cluster depends on it. It makes
 * nothing, and at the beginning looks whether vCluster Platform, or Cluster API, and Metal3 are there.
 * It cannot be imported: make it in the program.
 */
export class MachinesReturned extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:MachinesReturned";

  /** @secret */
  public readonly kubeconfig!: pulumi.Output<string>;
  /** `watched`. */
  public readonly status!: pulumi.Output<string>;

  constructor(name: string, args: MachinesReturnedArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, {
      secrets: ["kubeconfig", "hostKubeconfig"],
      outputs: ["kubeconfig", "status"],
    });
    super(MachinesReturned.__pulumiType, name, properties, resourceOptions(options));
  }
}
