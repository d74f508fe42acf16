import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface NetworkArgs {
  /**
   * Id of the network, unique in the project: 1 to 30 lower-case letters, digits and hyphens, starting with a letter.
   * Default: the resource's name, made valid.
   * @replaceOnChanges
   */
  networkId?: pulumi.Input<string>;
  /**
   * Data center, for example `us-newyork-1`. A network does not reach beyond it.
   * @replaceOnChanges
   */
  dataCenterId: pulumi.Input<string>;
  /**
   * Private IPv4 range (RFC 1918) in CIDR notation, for example `10.0.0.0/16`.
   * @replaceOnChanges
   */
  ipRange: pulumi.Input<string>;
}

/**
 * A private network with a router to the internet. Charged by the hour. It can only be deleted when no VM is in it.
 *
 * Import id: `<networkId>`.
 */
export class Network extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:cudo:Network";

  public readonly networkId!: pulumi.Output<string>;
  public readonly dataCenterId!: pulumi.Output<string>;
  public readonly ipRange!: pulumi.Output<string>;
  /** Address of the gateway inside the network. */
  public readonly gateway!: pulumi.Output<string>;
  /** The router's address inside the network. */
  public readonly internalIpAddress!: pulumi.Output<string>;
  /** The router's public address. */
  public readonly externalIpAddress!: pulumi.Output<string>;
  /** Project that the network is in. */
  public readonly projectId!: pulumi.Output<string>;

  /** The network with this id, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): Network {
    return new Network(name, undefined, { ...options, id });
  }

  constructor(name: string, args: NetworkArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: NetworkArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: NetworkArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = [
      "networkId",
      "dataCenterId",
      "ipRange",
      "gateway",
      "internalIpAddress",
      "externalIpAddress",
      "projectId",
    ];
    super(Network.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
