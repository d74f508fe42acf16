import * as pulumi from "../pulumi";
import type { AwsConnectionArgs } from "../aws/node-group";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface ApiServerReadyArgs {
  /**
   * Kubeconfig of the cluster, YAML; its current context counts.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /**
   * How long to wait, in seconds. `customTimeouts` overrides it.
   * @integer
   * @default 1200
   */
  timeoutSeconds?: pulumi.Input<number>;
  /**
   * Key that root accepts on the machine that the kubeconfig names: with it, the error about an API server that does not answer has the last
   * lines of the machine's log. OpenSSH's or PEM format, without a passphrase. A change of it is none here.
   * @secret
   */
  sshPrivateKey?: pulumi.Input<string>;
  /**
   * EC2 instance that the API server runs on: asked for its console output when it does not answer, with `ec2:GetConsoleOutput`. A change of it
   * is none here.
   */
  instanceId?: pulumi.Input<string>;
  /** Another region, account or role of `instanceId` than the provider's. */
  ec2Connection?: pulumi.Input<AwsConnectionArgs>;
}

/**
 * Waits until a cluster's API server is ready and gives the kubeconfig its rights. Depend on it with whatever needs the cluster.
 *
 * It creates nothing, deletes nothing, and a refresh does not fail when the cluster is down. Another kubeconfig is waited for again.
 */
export class ApiServerReady extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:ApiServerReady";

  /** @secret */
  public readonly kubeconfig!: pulumi.Output<string>;
  /** How long to wait, in seconds. */
  public readonly timeoutSeconds!: pulumi.Output<number>;
  /** Always true; unknown until then. */
  public readonly ready!: pulumi.Output<boolean>;
  /** Kubernetes version of the API server without the leading `v`, for example `1.36.3`. */
  public readonly version!: pulumi.Output<string>;

  constructor(name: string, args: ApiServerReadyArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, {
      secrets: ["kubeconfig", "sshPrivateKey"],
      outputs: ["kubeconfig", "timeoutSeconds", "ready", "version"],
    });
    super(ApiServerReady.__pulumiType, name, properties, resourceOptions(options));
  }
}
