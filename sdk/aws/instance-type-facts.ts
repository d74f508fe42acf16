import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";
import type { InstanceTypeResult } from "./functions";

export interface InstanceTypeFactsArgs {
  /** For example `["p5.48xlarge"]`. */
  instanceTypes: pulumi.Input<pulumi.Input<string>[]>;
}

/**
 * What AWS says of instance types, asked once of each: the state keeps it as long as the type is named, so that what was made by it stays as it is.
 * Makes nothing, and is free of charge.
 * It cannot be imported: make it in the program.
 */
export class InstanceTypeFacts extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:InstanceTypeFacts";

  /** Those of the types that the region offers, in the order given. */
  public readonly facts!: pulumi.Output<InstanceTypeResult[]>;
  /** Where it was asked. In another region it is asked anew. */
  public readonly region!: pulumi.Output<string>;

  constructor(name: string, args: InstanceTypeFactsArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = ["facts", "region"];
    super(InstanceTypeFacts.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
