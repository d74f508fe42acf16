import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface ControlPlaneTurnArgs {
  /** The target group that has all machines of the control plane. */
  targetGroupArn: pulumi.Input<string>;
  /**
   * How many targets must be healthy: all machines.
   * @integer
   */
  machines: pulumi.Input<number>;
  /** Type of the machines, for which they are stopped: another one makes an update wait. */
  instanceType: pulumi.Input<string>;
}

/**
 * Keeps control planes from being stopped at the same time: one stands before each machine, which depends on it, and depends on the machine
 * before. When the type changes, it waits until all targets of the group are healthy, so that etcd has its majority without the next machine too.
 *
 * Makes nothing, is free of charge, and waits for nothing at its creation: new machines find each other. An update needs
 * `elasticloadbalancing:DescribeTargetHealth` and waits at most 15 minutes (`customTimeouts`); then it is an error that says which machine
 * does not serve, and no further machine is stopped.
 * It cannot be imported: make it in the program.
 *
 * Reference: Network Load Balancers, "Health checks for Network Load Balancer target groups".
 */
export class ControlPlaneTurn extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:ControlPlaneTurn";

  public readonly targetGroupArn!: pulumi.Output<string>;
  /** @integer */
  public readonly machines!: pulumi.Output<number>;
  public readonly instanceType!: pulumi.Output<string>;

  constructor(name: string, args: ControlPlaneTurnArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["targetGroupArn", "machines", "instanceType"];
    super(ControlPlaneTurn.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
