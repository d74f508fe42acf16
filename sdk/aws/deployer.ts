import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";
import type { AwsConnectionArgs } from "./node-group";

export interface DeployerArgs {
  /** Another region, account or role than the provider's. */
  connection?: pulumi.Input<AwsConnectionArgs>;
}

/**
 * Who makes a cluster, for policies that name him. AWS is asked once, and the state keeps the answer: others who run the program later do not
 * take his place. Makes nothing, and is free of charge.
 */
export class Deployer extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:Deployer";

  /**
   * The ARN, as conditions on `aws:PrincipalArn` take it (`ArnLike`). That of a role has two patterns, because sessions do not tell the role's
   * path.
   */
  public readonly principals!: pulumi.Output<string[]>;

  constructor(name: string, args: DeployerArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["principals"];
    super(Deployer.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
