import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface DeploymentStoppedArgs {
  /**
   * Kubeconfig of the cluster, YAML; its current context counts.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /**
   * Namespace of the Deployment.
   * @replaceOnChanges
   */
  namespace: pulumi.Input<string>;
  /**
   * Name of the Deployment.
   * @replaceOnChanges
   */
  name: pulumi.Input<string>;
  /** Of its pods, `app=gpu-clusters-autoscaler`: all of them are waited for. */
  labelSelector: pulumi.Input<string>;
}

/**
 * When it is deleted, deletes a Deployment of the cluster and waits until its pods have ended, for at most 75 seconds. It is for what must not act
 * any more while a destroy goes on: Pulumi does not ask what is in a cluster to go where the cluster goes too (`deletedWith`). Where the cluster does not
 * answer, or pods do not end, it says so, and goes. It makes nothing: `up` ends with an error where the Deployment is not there. Free of charge.
 * It cannot be imported: make it in the program.
 */
export class DeploymentStopped extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:DeploymentStopped";

  /** @secret */
  public readonly kubeconfig!: pulumi.Output<string>;
  /** `running`. */
  public readonly status!: pulumi.Output<string>;

  constructor(name: string, args: DeploymentStoppedArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, { secrets: ["kubeconfig"], outputs: ["kubeconfig", "status"] });
    super(DeploymentStopped.__pulumiType, name, properties, resourceOptions(options));
  }
}
