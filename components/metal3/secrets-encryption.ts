/** How control planes on bare metal have Kubernetes' Secrets in etcd: encrypted, by one key that stays. Pure. */

/** kubeadm lets the API server read what is there. */
const path = "/etc/kubernetes/pki/encryption.yaml";
/** In the Secret that Cluster API writes the file from. */
export const encryptionKey = "value";

export function encryptionSecret(clusterName: string): string {
  return `${clusterName}-secrets-encryption`;
}

/** Of `kubeadmConfigSpec.files`. */
export function encryptionFile(clusterName: string) {
  const contentFrom = { secret: { name: encryptionSecret(clusterName), key: encryptionKey } };
  return { path, owner: "root:root", permissions: "0600", contentFrom };
}

/** `kubeadmConfigSpec.clusterConfiguration`. */
export const encryptedSecrets = { apiServer: { extraArgs: [{ name: "encryption-provider-config", value: path }] } };
