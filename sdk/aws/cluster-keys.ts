import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface ClusterKeysArgs {
  /**
   * What the parameters' names begin with, for example `/gpu-clusters/train`: `control-plane-keys` and `admin-credential` follow.
   * @replaceOnChanges
   */
  parameterPath: pulumi.Input<string>;
  /**
   * Id or ARN of a symmetric KMS key of the same region. The keys are moved to another one as long as both can be used: let the old one go
   * only after the update.
   */
  kmsKeyId: pulumi.Input<string>;
  /**
   * Hours that the administrator's certificate is valid from its issue: 3 to 87600. An update in the last third of that time renews it.
   * Another value issues it anew, and keeps every key.
   * @integer
   * @default 2160
   */
  adminValidityHours?: pulumi.Input<number>;
  /** Of the parameters. */
  tags?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * The keys of a cluster whose control plane reads them on AWS: its certificate authorities, the service account key, the key that encrypts
 * Kubernetes' Secrets in etcd, and an administrator's certificate, as `kubernetes:ClusterCertificates` makes them. The plugin makes them and writes them into SSM's parameter store itself, so
 * that programs never see the authorities' keys.
 *
 * The parameter `control-plane-keys` is what control planes read (JSON), `admin-credential` an ExecCredential for kubectl. The state has the
 * authorities' keys only as KMS encrypted them, which nobody opens without the KMS key: parameters that were changed or deleted are written
 * again from it, and the administrator's certificate is renewed with it. Nothing but another `parameterPath` or region changes the
 * authorities, which are valid for ten years. Deleting it deletes the parameters.
 *
 * Standard parameters are free of charge; KMS charges for its key (1 USD a month for one of the customer's) and some cents for many requests.
 * It needs `ssm:PutParameter`, `GetParameters`, `DeleteParameters`, `AddTagsToResource`, `RemoveTagsFromResource` and `ListTagsForResource`, and
 * `kms:Encrypt` and `kms:Decrypt` with the key.
 * It cannot be imported: where the state lost it, `pulumi up` takes over the keys that it left in the parameter.
 */
export class ClusterKeys extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:aws:ClusterKeys";

  /** Name of the parameter with the authorities and the service account key. */
  public readonly keysParameter!: pulumi.Output<string>;
  /** Name of the parameter with the administrator's ExecCredential. */
  public readonly adminParameter!: pulumi.Output<string>;
  /**
   * Of the parameter as it was written. 0: it is not as it was, and the next update writes it again.
   * @integer
   */
  public readonly keysVersion!: pulumi.Output<number>;
  /**
   * Of the parameter as it was written. 0: it is not as it was, and the next update writes it again.
   * @integer
   */
  public readonly adminVersion!: pulumi.Output<number>;
  /** PEM certificate of the authority that signs the API server's and the clients' certificates. */
  public readonly caCertificate!: pulumi.Output<string>;
  /** PEM client certificate of the administrator. */
  public readonly adminCertificate!: pulumi.Output<string>;
  /**
   * PKCS#8 PEM; a renewed certificate is for the same key.
   * @secret
   */
  public readonly adminPrivateKey!: pulumi.Output<string>;
  /** When the administrator's certificate ends, RFC 3339. */
  public readonly adminExpiresAt!: pulumi.Output<string>;
  /** The authorities and the service account key as KMS encrypted them, base64. */
  public readonly sealedKeys!: pulumi.Output<string>;
  /** Region that the parameters are in. */
  public readonly region!: pulumi.Output<string>;

  constructor(name: string, args: ClusterKeysArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = [
      "keysParameter",
      "adminParameter",
      "keysVersion",
      "adminVersion",
      "caCertificate",
      "adminCertificate",
      "adminPrivateKey",
      "adminExpiresAt",
      "sealedKeys",
      "region",
    ];
    super(ClusterKeys.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
  }
}
