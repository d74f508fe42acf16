import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface ZoneChoiceArgs {
  /**
   * How many zones, 1 to 3.
   * @integer
   */
  count: pulumi.Input<number>;
  /** These by name, for example `us-west-2a`, in the place of the region's first. */
  names?: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * Availability zones for a network, chosen once: the state keeps them, whatever AWS says of its zones later, because subnets cannot move and
 * machines are in them. Zones that an account has to opt into, local zones and zones without machines of the last years are not chosen.
 * Other names later are an error. Makes nothing, and is free of charge.
 * It cannot be imported: make it in the program.
 */
export class ZoneChoice extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:ZoneChoice";

  /** For example `["us-west-2a", "us-west-2b"]`. */
  public readonly zones!: pulumi.Output<string[]>;
  /** Where it was asked. In another region it is asked anew. */
  public readonly region!: pulumi.Output<string>;

  constructor(name: string, args: ZoneChoiceArgs, options?: pulumi.CustomResourceOptions) {
    super(
      ZoneChoice.__pulumiType,
      name,
      resourceProperties(args, { outputs: ["zones", "region"] }),
      resourceOptions(options),
    );
  }
}
