import * as pulumi from "../pulumi";
import { optionalOutput, resourceOptions, resourceProperties } from "../plugin/custom-resource";

export interface ClusterCertificatesArgs {
  /**
   * Name of the cluster that the certificates are for. Another name is another cluster: everything is made anew.
   * @replaceOnChanges
   */
  clusterName: pulumi.Input<string>;
  /**
   * Hours that the administrator's certificate is valid from its issue: 3 to 87600. An update in the last third of that time renews it.
   * Another value issues it anew, and keeps every key.
   * @integer
   * @default 2160
   */
  adminValidityHours?: pulumi.Input<number>;
  /**
   * The key for Secrets in etcd is made and kept elsewhere (`vaultScript` of `cudo:Vm`), and is not in the state. A key that is
   * there stays.
   */
  secretsKeyElsewhere?: pulumi.Input<boolean>;
}

/**
 * The keys of a cluster: its certificate authorities, the service account key, the key for Secrets in etcd, and an administrator's certificate.
 *
 * They exist only in the stack's state, and nothing but another `clusterName` changes the authorities, which are valid for ten years.
 * The administrator belongs to the group `kubeadm:cluster-admins`, which kubeadm binds to `cluster-admin` while it sets the cluster up
 * (`ApiServerReady` waits for it), so that the rights can be taken back. Free of charge.
 * It cannot be imported: the keys exist only in the state that made them.
 */
export class ClusterCertificates extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:kubernetes:ClusterCertificates";

  public readonly clusterName!: pulumi.Output<string>;
  /**
   * Hours that the administrator's certificate is valid from its issue.
   * @integer
   */
  public readonly adminValidityHours!: pulumi.Output<number>;
  /** PEM certificate of the authority that signs the API server's and the clients' certificates. */
  public readonly caCertificate!: pulumi.Output<string>;
  /**
   * PKCS#8 PEM.
   * @secret
   */
  public readonly caPrivateKey!: pulumi.Output<string>;
  /**
   * PEM certificate of the authority for the API server's aggregation layer.
   * @secret
   */
  public readonly frontProxyCaCertificate!: pulumi.Output<string>;
  /**
   * PKCS#8 PEM.
   * @secret
   */
  public readonly frontProxyCaPrivateKey!: pulumi.Output<string>;
  /**
   * PEM certificate of etcd's authority.
   * @secret
   */
  public readonly etcdCaCertificate!: pulumi.Output<string>;
  /**
   * PKCS#8 PEM.
   * @secret
   */
  public readonly etcdCaPrivateKey!: pulumi.Output<string>;
  /**
   * Signs service account tokens. PKCS#8 PEM.
   * @secret
   */
  public readonly serviceAccountPrivateKey!: pulumi.Output<string>;
  /**
   * Encrypts Kubernetes' Secrets in etcd (`secretbox`): 32 bytes in base64. Absent with `secretsKeyElsewhere`, and in clusters from before there was
   * one, which never get one.
   * @secret
   */
  public readonly secretsEncryptionKey!: pulumi.Output<string | undefined>;
  /** PEM client certificate of the administrator. */
  public readonly adminCertificate!: pulumi.Output<string>;
  /**
   * PKCS#8 PEM; a renewed certificate is for the same key.
   * @secret
   */
  public readonly adminPrivateKey!: pulumi.Output<string>;
  /** When the administrator's certificate ends, RFC 3339. */
  public readonly adminExpiresAt!: pulumi.Output<string>;

  constructor(name: string, args: ClusterCertificatesArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = [
      "caCertificate",
      "caPrivateKey",
      "frontProxyCaCertificate",
      "frontProxyCaPrivateKey",
      "etcdCaCertificate",
      "etcdCaPrivateKey",
      "serviceAccountPrivateKey",
      "secretsEncryptionKey",
      "adminCertificate",
      "adminPrivateKey",
      "adminExpiresAt",
      "clusterName",
      "adminValidityHours",
    ];
    super(ClusterCertificates.__pulumiType, name, resourceProperties(args, { outputs }), resourceOptions(options));
    this.secretsEncryptionKey = optionalOutput(this.secretsEncryptionKey);
  }
}
