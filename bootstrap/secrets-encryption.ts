/** How an API server keeps Kubernetes' Secrets in etcd; `scripts/init.sh` writes the same. Pure. */

/**
 * JSON, which is YAML. `identity` reads what is in plain text.
 * @param key 32 bytes in base64; undefined: of a cluster from before there was one
 */
export function encryptionConfiguration(key: string | undefined): string {
  const secretbox = { keys: [{ name: "key1", secret: key }] };
  return JSON.stringify({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [
      {
        resources: ["secrets"],
        providers: [...(key === undefined ? [] : [{ secretbox }]), { identity: {} }],
      },
    ],
  });
}
