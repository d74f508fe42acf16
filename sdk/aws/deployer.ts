import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

/** None: whose the credentials are is all that is asked. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- the schema is made from it
export interface DeployerArgs {}

/**
 * Who makes a cluster, for policies that name him. AWS is asked once, and the state keeps the answer: others who run the program later do not
 * take his place. Makes nothing, and is free of charge.
 * It cannot be imported: make it in the program.
 */
export class Deployer extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:Deployer";

  /**
   * The ARN, as conditions on `aws:PrincipalArn` take it (`ArnLike`). That of a role has two patterns, because sessions do not tell the role's
   * path.
   */
  public readonly principals!: pulumi.Output<string[]>;
  /** Where it was asked. In another region it is asked anew. */
  public readonly region!: pulumi.Output<string>;

  constructor(name: string, args: DeployerArgs = {}, options?: pulumi.CustomResourceOptions) {
    const outputs = ["principals", "region"];
    super(Deployer.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
