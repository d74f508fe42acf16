import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface SshAccessArgs {
  /**
   * Cluster (`clust_…`). Another cluster has another host key.
   * @replaceOnChanges
   */
  clusterId: pulumi.Input<string>;
  /**
   * Address of its control plane.
   * @replaceOnChanges
   */
  host: pulumi.Input<string>;
  /**
   * Port of SSH.
   * @default 22
   * @integer
   */
  port?: pulumi.Input<number>;
  /**
   * Private key in OpenSSH's, PEM or PKCS#8 format, without a passphrase.
   * @secret
   */
  privateKey: pulumi.Input<string>;
  /** Public key that it must belong to, so that a mix-up shows at preview. */
  publicKey?: pulumi.Input<string>;
  /**
   * The host's own public key, as in a known_hosts file: `ssh-ed25519 AAAA…`. Of several the one that is asked for first: ECDSA, else RSA, else
   * Ed25519. Default: the one that the host shows at the first contact.
   */
  hostKey?: pulumi.Input<string>;
}

/**
 * Proof that a key opens a control plane as `ubuntu`, and the host's key: the one given, else the one of the first contact, because Mithril
 * publishes none. It is required from then on.
 *
 * Waits up to 5 minutes, or `customTimeouts.create`, for SSH to answer. A refused key is explained. It changes nothing on the host.
 * It cannot be imported: make it in the program.
 */
export class SshAccess extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:mithril:SshAccess";

  public readonly host!: pulumi.Output<string>;
  /** @integer */
  public readonly port!: pulumi.Output<number>;
  /** `<type> <base64>`, as in a known_hosts file. */
  public readonly hostKey!: pulumi.Output<string>;

  constructor(name: string, args: SshAccessArgs, options?: pulumi.CustomResourceOptions) {
    const properties = resourceProperties(args, {
      secrets: ["privateKey"],
      outputs: ["host", "port", "hostKey"],
    });
    super(SshAccess.__pulumiType, name, properties, resourceOptions(options));
  }
}
