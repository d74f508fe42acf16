import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface InferenceRequirementsArgs {
  /**
   * Kubeconfig of the cluster, YAML; its current context counts.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /** Pools whose nodes must be there, by the label `modelplane.ai/pool`. */
  pools: pulumi.Input<pulumi.Input<string>[]>;
  /** StorageClass that must exist, with volumes that many pods read and write at once. Default: none is needed. */
  cacheStorageClass?: pulumi.Input<string>;
  /**
   * Says that Services of type LoadBalancer get addresses although nothing in the cluster shows who gives them.
   * @default false
   */
  loadBalancers?: pulumi.Input<boolean>;
  /**
   * How long to wait until all is there, in seconds. `customTimeouts` overrides it.
   * @integer
   * @default 300
   */
  timeoutSeconds?: pulumi.Input<number>;
}

/**
 * Waits until a cluster has what Modelplane needs of one that it did not make, and says all that is missing: DRA and nobody else who hands out GPUs,
 * nodes of each pool without taints in the way, a node for the serving stack, load balancers, storage for models. It changes nothing.
 * The preview warns of what is missing then.
 * It cannot be imported: make it in the program.
 */
export class InferenceRequirements extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:InferenceRequirements";

  /** `met`; unknown until then. */
  public readonly status!: pulumi.Output<string>;

  constructor(name: string, args: InferenceRequirementsArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, { secrets: ["kubeconfig"], outputs: ["kubeconfig", "status"] });
    super(InferenceRequirements.__pulumiType, name, properties, resourceOptions(options));
  }
}
