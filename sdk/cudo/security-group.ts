import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";
import type { RuleProtocol, RuleType } from "./values";

/** One kind of traffic that is let through. */
export interface SecurityGroupRuleArgs {
  protocol: pulumi.Input<RuleProtocol>;
  ruleType: pulumi.Input<RuleType>;
  /** Ports as a list (`80,443`) or one range (`1024:2048`). Default: all. */
  ports?: pulumi.Input<string>;
  /** Peer: an address or a range in CIDR notation. Default: any. */
  ipRangeCidr?: pulumi.Input<string>;
  /** ICMP type: 0, 3, 4, 5, 8 to 14, 17 or 18. Default: all. */
  icmpType?: pulumi.Input<string>;
}

export interface SecurityGroupArgs {
  /**
   * Id of the group, unique in the project: 1 to 30 lower-case letters, digits and hyphens, starting with a letter.
   * Default: the resource's name, made valid.
   * @replaceOnChanges
   */
  securityGroupId?: pulumi.Input<string>;
  /**
   * Data center, for example `us-newyork-1`.
   * @replaceOnChanges
   */
  dataCenterId: pulumi.Input<string>;
  /** Up to 255 letters, digits, spaces, commas, apostrophes and full stops. */
  description?: pulumi.Input<string>;
  /** What is let through. Everything else is not: with no rules, nothing is. */
  rules: pulumi.Input<pulumi.Input<SecurityGroupRuleArgs>[]>;
}

/**
 * A firewall for VMs. A VM without any security group lets all traffic through. Free of charge.
 *
 * Import id: `<securityGroupId>`.
 */
export class SecurityGroup extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:cudo:SecurityGroup";

  public readonly securityGroupId!: pulumi.Output<string>;
  public readonly dataCenterId!: pulumi.Output<string>;
  public readonly description!: pulumi.Output<string | undefined>;
  public readonly rules!: pulumi.Output<pulumi.Unwrap<SecurityGroupRuleArgs>[]>;
  /** Project that the group is in. */
  public readonly projectId!: pulumi.Output<string>;

  /** The security group with this id, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): SecurityGroup {
    return new SecurityGroup(name, undefined, { ...options, id });
  }

  constructor(name: string, args: SecurityGroupArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: SecurityGroupArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: SecurityGroupArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = ["securityGroupId", "dataCenterId", "description", "rules", "projectId"];
    super(SecurityGroup.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
