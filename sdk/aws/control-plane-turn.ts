import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface ControlPlaneTurnArgs {
  /** The target group that has all machines of the control plane. */
  targetGroupArn: pulumi.Input<string>;
  /**
   * How many machines the control plane has.
   * @integer
   */
  machines: pulumi.Input<number>;
  /** The `Name` tag of the machine whose turn it is. */
  machineName: pulumi.Input<string>;
  /** The type that it is to have, for which it is stopped where it has another. */
  instanceType: pulumi.Input<string>;
}

/**
 * Keeps control planes from being stopped at the same time for another type. One stands before each machine, which depends on it, and depends on the
 * machine before. When it is made or its type changes, it waits until all other machines are healthy targets of the group, so that etcd has its
 * majority without this one. It does not wait for a machine that is not there, has the type already, or does not serve: then nothing is taken away.
 *
 * Makes nothing, and is free of charge. Needs `elasticloadbalancing:DescribeTargetHealth` and `ec2:DescribeInstances`, and waits at most 15 minutes
 * (`customTimeouts`); then it is an error that says which machine does not serve, and its own is not stopped.
 * It cannot be imported: make it in the program.
 *
 * Reference: Network Load Balancers, "Health checks for Network Load Balancer target groups".
 */
export class ControlPlaneTurn extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:ControlPlaneTurn";

  public readonly targetGroupArn!: pulumi.Output<string>;
  /** @integer */
  public readonly machines!: pulumi.Output<number>;
  public readonly machineName!: pulumi.Output<string>;
  public readonly instanceType!: pulumi.Output<string>;
  /** Region that the machines are in. */
  public readonly region!: pulumi.Output<string>;

  constructor(name: string, args: ControlPlaneTurnArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["targetGroupArn", "machines", "machineName", "instanceType", "region"];
    super(ControlPlaneTurn.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
