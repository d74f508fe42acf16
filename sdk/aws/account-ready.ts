import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";
import type { AwsConnectionArgs } from "./node-group";

/** Machines of a control plane as they are going to be. */
export interface PlannedControlPlane {
  /** For example `t3.xlarge`. */
  instanceType: pulumi.Input<string>;
  /** @integer */
  count: pulumi.Input<number>;
}

export interface AccountReadyArgs {
  /** The region must offer its type, and the account's quotas must have room for it. */
  controlPlane?: pulumi.Input<PlannedControlPlane>;
  /** Name of an EC2 key pair of the region, which must exist. */
  keyPair?: pulumi.Input<string>;
  /** Another region, account or role than the provider's. */
  connection?: pulumi.Input<AwsConnectionArgs>;
}

/**
 * Looks at the preview whether the account can have the cluster, before anything is made. What runs already is not examined again: only what
 * changes is. Where AWS may not be asked, it says so and goes on. Free of charge.
 */
export class AccountReady extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:AccountReady";

  /** AWS account id that the credentials are of. */
  public readonly accountId!: pulumi.Output<string>;

  constructor(name: string, args: AccountReadyArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["accountId"];
    super(AccountReady.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
