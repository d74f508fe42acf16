import * as pulumi from "../../sdk/pulumi";
import { ApiServerReady } from "../../sdk/kubernetes/api-server-ready";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { known } from "../inputs";
import { KubernetesProvider } from "../kubernetes-provider";
import { narrowKubeconfig } from "./narrow";

/** How long a cluster that is there may take to answer. */
const timeoutSeconds = 120;

export interface ExistingClusterArgs {
  /**
   * Text of a kubeconfig, with any credentials: certificates, a token, or a credential plugin (`exec`) whose command is on the computer that
   * runs `pulumi up`. Files that it names must have absolute paths. Kept as a secret.
   */
  kubeconfig: pulumi.Input<string>;
  /** Which of its contexts. Default: its current one. */
  context?: string;
}

/**
 * A cluster that somebody else made, by its kubeconfig: what takes a cluster of this package takes it too. Nothing is created in it; `pulumi up`
 * waits up to two minutes for it to answer.
 *
 * Its `kubeconfig` has the one context alone. Platforms that cannot run a credential plugin take a `ServiceAccountKubeconfig` instead.
 *
 * Cost: none.
 *
 * @example
 * const cluster = new ExistingCluster("shared", { kubeconfig: config.requireSecret("kubeconfig"), context: "prod" });
 */
export class ExistingCluster extends pulumi.ComponentResource implements KubernetesCluster {
  static readonly __pulumiType = "gpu-clusters:index:ExistingCluster";

  /** Name of the context. */
  public readonly clusterName: pulumi.Output<string>;
  /** `https://host:port` of the API server. */
  public readonly endpoint: pulumi.Output<string>;
  /** PEM of the authority that the kubeconfig trusts; empty where that is in a file, or one of the system's. */
  public readonly certificateAuthority: pulumi.Output<string>;
  /**
   * YAML with the credentials that were given.
   * @secret
   */
  public readonly kubeconfig: pulumi.Output<string>;
  /** For add-ons and for resources of your own inside the cluster. */
  public readonly kubeProvider: pulumi.ProviderResource;
  /** None: whoever made the cluster knows them. */
  public readonly nodeGroups: pulumi.Output<NodeGroupStatus[]>;
  /** `ready` once the API server answers; unknown before that. */
  public readonly status: pulumi.Output<string>;

  constructor(name: string, args: ExistingClusterArgs, options?: pulumi.ComponentResourceOptions) {
    const text = known(args.kubeconfig);
    // What is in hand is checked before anything is registered.
    if (text !== undefined) narrowKubeconfig(text, args.context);
    const kubeconfig = pulumi.secret(args.kubeconfig);
    super(ExistingCluster.__pulumiType, name, { ...args, kubeconfig }, options);
    const child = { parent: this };
    this.kubeconfig = kubeconfig.apply((given) => narrowKubeconfig(given, args.context));
    const facts = pulumi.unsecret(
      this.kubeconfig.apply((narrowed) => {
        const { clusterName, endpoint, certificateAuthority = "" } = parseKubeconfig(narrowed);
        return { clusterName, endpoint, certificateAuthority };
      }),
    );
    this.clusterName = facts.clusterName;
    this.endpoint = facts.endpoint;
    this.certificateAuthority = facts.certificateAuthority;
    const apiServer = new ApiServerReady(`${name}-api-server`, { kubeconfig: this.kubeconfig, timeoutSeconds }, child);
    this.kubeProvider = new KubernetesProvider(
      `${name}-kubernetes`,
      { kubeconfig: this.kubeconfig, clusterIdentifier: undefined },
      {
        ...child,
        dependsOn: [apiServer],
      },
    );
    this.nodeGroups = pulumi.output([]);
    this.status = apiServer.version.apply(() => "ready");
    this.registerOutputs({
      clusterName: this.clusterName,
      endpoint: this.endpoint,
      certificateAuthority: this.certificateAuthority,
      kubeconfig: this.kubeconfig,
      nodeGroups: this.nodeGroups,
      status: this.status,
    });
  }
}
