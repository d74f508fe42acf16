import * as pulumi from "../pulumi";
import { optionalOutput, resourceOptions, resourceProperties } from "../plugin/custom-resource";
import type { MachineClaimsArgs } from "./machine-claims";

/** Where a cloud lets the log of a machine be read that does not answer. */
export interface MachineLogArgs {
  /** `aws:console`: the console of an EC2 instance, with `ec2:GetConsoleOutput`. */
  source: pulumi.Input<string>;
  /** The machine as the source knows it, for example `i-0123456789abcdef0`. */
  machine: pulumi.Input<string>;
}

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
   * lines of the machine's log. OpenSSH's, PEM or PKCS#8 format, without a passphrase. A change of it is none here.
   * @secret
   */
  sshPrivateKey?: pulumi.Input<string>;
  /** The public key that the machine was given: a private key of another pair is refused at the preview. A change of it is none here. */
  sshPublicKey?: pulumi.Input<string>;
  /** Where else the log of the machine can be read, in a cloud's own way. A change of it is none here. */
  log?: pulumi.Input<MachineLogArgs>;
  /**
   * What to look at when it does not answer: the end of the error. A change of it is none here.
   * Default: the machine that runs the control plane, its log and its security group.
   */
  hint?: pulumi.Input<string>;
  /**
   * Where the machines of the control plane are claimed, for clusters whose machines a platform makes: the wait ends once one of them is in error, with what is
   * wrong. A change of it is none here.
   */
  claims?: pulumi.Input<MachineClaimsArgs>;
}

/**
 * Waits until a cluster's API server is ready and gives the kubeconfig its rights. Depend on it with whatever needs the cluster.
 *
 * It creates nothing, deletes nothing, and a refresh does not fail when the cluster is down. Another kubeconfig is waited for again.
 * It cannot be imported: make it in the program.
 */
export class ApiServerReady extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:ApiServerReady";

  /** @secret */
  public readonly kubeconfig!: pulumi.Output<string>;
  /**
   * How long to wait, in seconds.
   * @integer
   */
  public readonly timeoutSeconds!: pulumi.Output<number>;
  /** Always true; unknown until then. */
  public readonly ready!: pulumi.Output<boolean>;
  /** Kubernetes version of the API server without the leading `v`, for example `1.37.2`. */
  public readonly version!: pulumi.Output<string>;
  /**
   * What the cluster is known by, for its life, also under another address: for `clusterIdentifier` of a provider of `@pulumi/kubernetes`, which else replaces all
   * that is in the cluster when its address, authority or proxy change. None where nobody may read the namespace kube-system.
   */
  public readonly identity!: pulumi.Output<string | undefined>;
  /**
   * Uid of the namespace kube-system, as it was last seen: another one than before is another cluster. One that was made anew in the place of the old one ends
   * `pulumi up`, until a refresh has seen what is missing in it.
   */
  public readonly clusterUid!: pulumi.Output<string | undefined>;

  constructor(name: string, args: ApiServerReadyArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, {
      secrets: ["kubeconfig", "sshPrivateKey"],
      outputs: ["kubeconfig", "timeoutSeconds", "ready", "version", "identity", "clusterUid"],
    });
    super(ApiServerReady.__pulumiType, name, properties, resourceOptions(options));
    this.identity = optionalOutput(this.identity);
    this.clusterUid = optionalOutput(this.clusterUid);
  }
}
