import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface SshKeyArgs {
  /**
   * Name of the key. Another key of the project must not have it. Where the project has the same public key already, that one is used, under
   * its own name, and stays when this resource is deleted.
   * @replaceOnChanges
   */
  name: pulumi.Input<string>;
  /**
   * Public key in OpenSSH's format: `ssh-ed25519 AAAA… comment`.
   * @replaceOnChanges
   */
  publicKey: pulumi.Input<string>;
  /**
   * Every order of the project must have it then. Needs the right to administer the project.
   * @default false
   */
  required?: pulumi.Input<boolean>;
}

/**
 * A public SSH key of the project. Register it before the clusters and orders that it should open.
 *
 * Import id: `sshkey_…`, Mithril's own.
 */
export class SshKey extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:mithril:SshKey";

  public readonly name!: pulumi.Output<string>;
  public readonly publicKey!: pulumi.Output<string>;
  public readonly createdAt!: pulumi.Output<string>;
  /** True where the project had the key already: it is not deleted with this resource. */
  public readonly reused!: pulumi.Output<boolean>;
  /** Project that the key is in. */
  public readonly projectId!: pulumi.Output<string>;

  /** The key with this fid, `sshkey_…`, as it is. */
  static get(name: string, id: pulumi.Input<pulumi.ID>, options?: pulumi.CustomResourceOptions): SshKey {
    return new SshKey(name, undefined, { ...options, id });
  }

  constructor(name: string, args: SshKeyArgs, options?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(name: string, args: SshKeyArgs | undefined, options?: pulumi.CustomResourceOptions);
  constructor(name: string, args: SshKeyArgs | undefined, options?: pulumi.CustomResourceOptions) {
    const outputs = ["name", "publicKey", "createdAt", "reused", "projectId"];
    super(SshKey.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
