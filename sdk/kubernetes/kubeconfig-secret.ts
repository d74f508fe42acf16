import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface KubeconfigSecretArgs {
  /**
   * Kubeconfig of the cluster that has the Secret, YAML; its current context counts.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /** @replaceOnChanges */
  namespace: pulumi.Input<string>;
  /**
   * Name of the Secret: `vc-tenant` of vCluster, `tenant-kubeconfig` of Cluster API.
   * @replaceOnChanges
   */
  name: pulumi.Input<string>;
  /**
   * Which of its entries is the kubeconfig: `config` of vCluster, `value` of Cluster API.
   * @default "config"
   */
  key?: pulumi.Input<string>;
  /** Name of the other cluster, and of its context. */
  clusterName: pulumi.Input<string>;
  /** `https://host:port` at which that cluster is reached. Default: the address of `service`; without it, what the Secret says. */
  server?: pulumi.Input<string>;
  /** Name of a Service of the same namespace whose load balancer leads to that cluster, at port 443. */
  service?: pulumi.Input<string>;
  /** What the Secret comes from, in any form: it is read again when one of them changes. */
  triggers?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** What to look at when it does not come: the end of the error. */
  hint?: pulumi.Input<string>;
  /**
   * How long to wait for it, in seconds. `customTimeouts` overrides it.
   * @integer
   * @default 600
   */
  timeoutSeconds?: pulumi.Input<number>;
}

/**
 * Waits for the kubeconfig of another cluster, which a controller puts into a Secret of this one, and makes it fit for use from elsewhere. It creates
 * nothing. A refresh reads it again: controllers renew what is in it. So does an update when less than a third of its certificate's life is left.
 *
 * Only data is taken from it: an authority, and a certificate or a token that has not ended. What would run a command, read a file or trust anybody is refused.
 * It cannot be imported: make it in the program.
 */
export class KubeconfigSecret extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:KubeconfigSecret";

  /** @secret */
  public readonly kubeconfig!: pulumi.Output<string>;
  /**
   * Of the other cluster, YAML.
   * @secret
   */
  public readonly clusterKubeconfig!: pulumi.Output<string>;
  /** `https://host:port` of the other cluster. */
  public readonly endpoint!: pulumi.Output<string>;
  /** PEM certificate of the authority that signs the other cluster's certificate. */
  public readonly certificateAuthority!: pulumi.Output<string>;

  constructor(name: string, args: KubeconfigSecretArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, {
      secrets: ["kubeconfig"],
      outputs: ["kubeconfig", "clusterKubeconfig", "endpoint", "certificateAuthority"],
    });
    super(KubeconfigSecret.__pulumiType, name, properties, resourceOptions(options));
  }
}
