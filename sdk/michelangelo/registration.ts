import * as pulumi from "../pulumi";
import { optionalOutput, resourceOptions, resourceProperties } from "../plugin/custom-resource";

/** A kind of node, as Michelangelo lists it. Its scheduler does not look at it yet. */
export interface SkuArgs {
  /** @integer */
  cpus: pulumi.Input<number>;
  /** @integer */
  memoryGib: pulumi.Input<number>;
  /** @integer */
  diskSizeGib: pulumi.Input<number>;
  /** @integer */
  gpus?: pulumi.Input<number>;
  /** For example `H100`. */
  gpuModel?: pulumi.Input<string>;
}

/** A Deployment of the control plane. */
export interface ControllerManagerArgs {
  /** For example `ma-system`. */
  namespace: pulumi.Input<string>;
  /** For example `michelangelo-controllermgr`. */
  name: pulumi.Input<string>;
}

export interface RegistrationArgs {
  /**
   * Kubeconfig of the compute cluster, YAML, of somebody who may make Secrets in its namespace `default`. Another cluster is refused while the one before
   * is there, if kube-system may be read in both.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /**
   * Kubeconfig of Michelangelo's control plane, YAML.
   * @secret
   */
  controlPlaneKubeconfig: pulumi.Input<string>;
  /**
   * Name in Michelangelo, by which jobs choose the cluster: 1 to 63 lower-case letters, digits and hyphens.
   * @replaceOnChanges
   */
  clusterName: pulumi.Input<string>;
  /**
   * `https://host:port` at which the control plane reaches the compute cluster's API server, whose certificate must name that host.
   * Default: the kubeconfig's server.
   */
  apiServer?: pulumi.Input<string>;
  /** As Michelangelo's Cluster is to have it. Default: left out there. */
  region?: pulumi.Input<string>;
  /** As Michelangelo's Cluster is to have it. Default: left out there. */
  zone?: pulumi.Input<string>;
  /** Michelangelo has no word for AWS and others. Default: none. */
  dataCenter?: pulumi.Input<"onPremises" | "gcp" | "oci">;
  /** Default: none. */
  serviceLevel?: pulumi.Input<"production" | "ephemeral">;
  /** Default: none. */
  skus?: pulumi.Input<pulumi.Input<SkuArgs>[]>;
  /**
   * Michelangelo's controller manager. It keeps the first token that it used until it ends, so that it is restarted where it has an older one.
   * Required with `rotateEvery`. Default: nothing is restarted, and an error says when that is needed.
   */
  controllerManager?: pulumi.Input<ControllerManagerArgs>;
  /**
   * Age after which `pulumi up` replaces the token, of at least an hour: `720h`. The old one is valid until Michelangelo uses the new one.
   * Default: it stays.
   */
  rotateEvery?: pulumi.Input<string>;
  /**
   * How long to wait for Michelangelo, in seconds: to use the cluster, and at the end to let it go. `customTimeouts` overrides it.
   * @integer
   * @default 300
   */
  timeoutSeconds?: pulumi.Input<number>;
}

/**
 * A compute cluster's entry with Michelangelo. It makes the token of the ServiceAccount `ray-manager` (namespace `default`), which exists, the Secrets
 * `cluster-<name>-client-token` and `cluster-<name>-ca-data` in `default` on the control plane, and the Cluster `<name>` in `ma-system`; then it waits
 * until Michelangelo reports the cluster as ready. `ComputeCluster` makes all that belongs to it.
 *
 * The token goes from one cluster to the other: neither the program nor the state sees it. Cost: none.
 * It cannot be imported: make it in the program.
 */
export class Registration extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:michelangelo:Registration";

  public readonly clusterName!: pulumi.Output<string>;
  /** With the scheme, as Michelangelo has it. */
  public readonly host!: pulumi.Output<string>;
  public readonly port!: pulumi.Output<string>;
  /** Secret of the compute cluster, in `default`, with the token that Michelangelo uses. */
  public readonly tokenSecret!: pulumi.Output<string>;
  /** When that token was made, RFC 3339. */
  public readonly tokenIssuedAt!: pulumi.Output<string>;
  /** Which cluster it is: the uid of its namespace kube-system. Left out where that may not be read. */
  public readonly clusterUid!: pulumi.Output<string | undefined>;
  /** The same of the control plane: another one is another registration, and another address of this one is none. */
  public readonly controlPlaneUid!: pulumi.Output<string | undefined>;
  /** Whose it is, as the Cluster's annotation `gpu-clusters/owner` says: one of another's is not touched. */
  public readonly owner!: pulumi.Output<string>;
  /** `ready`, or why not. */
  public readonly status!: pulumi.Output<string>;

  constructor(name: string, args: RegistrationArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, {
      secrets: ["kubeconfig", "controlPlaneKubeconfig"],
      outputs: [
        "clusterName",
        "host",
        "port",
        "tokenSecret",
        "tokenIssuedAt",
        "clusterUid",
        "controlPlaneUid",
        "owner",
        "status",
      ],
    });
    super(Registration.__pulumiType, name, properties, resourceOptions(options));
    this.clusterUid = optionalOutput(this.clusterUid);
    this.controlPlaneUid = optionalOutput(this.controlPlaneUid);
  }
}
