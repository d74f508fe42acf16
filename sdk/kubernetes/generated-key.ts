import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface GeneratedKeyArgs {
  /**
   * How many random bytes it has: 16 to 4096. Another number is another key.
   * @integer
   * @default 32
   * @replaceOnChanges
   */
  bytes?: pulumi.Input<number>;
}

/**
 * A random key that is made once and kept in the stack's state, as a secret: for services whose charts would make another one at each `up`. To
 * change it, replace the resource (`pulumi up --replace`). It cannot be imported. Free of charge.
 */
export class GeneratedKey extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:GeneratedKey";

  /**
   * The key, two hexadecimal digits for each byte.
   * @secret
   */
  public readonly hex!: pulumi.Output<string>;

  constructor(name: string, args: GeneratedKeyArgs = {}, options?: pulumi.CustomResourceOptions) {
    super(
      GeneratedKey.__pulumiType,
      name,
      resourceProperties(args, { outputs: ["hex"] }),
      pulumi.mergeOptions(resourceOptions(options), { additionalSecretOutputs: ["hex"] }),
    );
  }
}
