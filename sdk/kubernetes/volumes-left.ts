import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface VolumesLeftArgs {
  /**
   * Kubeconfig of the cluster, YAML; its current context counts.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /**
   * Name of the cluster, for what is told.
   * @replaceOnChanges
   */
  clusterName: pulumi.Input<string>;
  /**
   * The driver that makes the volumes, as StorageClasses name it: `ebs.csi.aws.com`.
   * @replaceOnChanges
   */
  driver: pulumi.Input<string>;
  /** How to be rid of a volume, the end of what is told: `aws ec2 delete-volume --volume-id <id>`. */
  hint: pulumi.Input<string>;
}

/**
 * Tells, when it is deleted, which volumes stay in the cloud without their cluster: those whose claims are still there, by claim, size and the
 * cloud's id. Before, it waits up to two minutes for volumes whose claims have gone, which the driver is deleting: the driver is deleted after it.
 * It deletes no data and makes nothing. Where the cluster cannot be asked, it says so after two or three minutes, and goes. Free of charge.
 * It cannot be imported: make it in the program.
 */
export class VolumesLeft extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:VolumesLeft";

  /** @secret */
  public readonly kubeconfig!: pulumi.Output<string>;
  /** `watched`. */
  public readonly status!: pulumi.Output<string>;

  constructor(name: string, args: VolumesLeftArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, { secrets: ["kubeconfig"], outputs: ["kubeconfig", "status"] });
    super(VolumesLeft.__pulumiType, name, properties, resourceOptions(options));
  }
}
