import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface ReleaseUnlockedArgs {
  /**
   * Kubeconfig of the cluster, YAML; its current context counts.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /**
   * Namespace of the Helm release.
   * @replaceOnChanges
   */
  namespace: pulumi.Input<string>;
  /**
   * Name of the Helm release.
   * @replaceOnChanges
   */
  name: pulumi.Input<string>;
}

/**
 * Lets a Helm release go on whose last operation could not note its end, because the cluster was away just then: Helm refuses everything later with
 * "another operation (install/upgrade/rollback) is in progress". Make it before the `Release`, which has `dependsOn` it and `replace: true`. The next
 * preview shows that such a record is there, and `up` has it count as failed. A destroy takes down what an installation left that never came to be
 * known to Pulumi.
 *
 * Only records that Pulumi's own provider wrote are touched: one operation of a stack runs at a time, so that theirs has ended. An operation of
 * `helm` by hand is left alone. It makes nothing. Free of charge.
 * It cannot be imported: make it in the program.
 */
export class ReleaseUnlocked extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:ReleaseUnlocked";

  /** @secret */
  public readonly kubeconfig!: pulumi.Output<string>;
  /** `unlocked`. */
  public readonly status!: pulumi.Output<string>;

  constructor(name: string, args: ReleaseUnlockedArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, { secrets: ["kubeconfig"], outputs: ["kubeconfig", "status"] });
    super(ReleaseUnlocked.__pulumiType, name, properties, resourceOptions(options));
  }
}
