import { placeholders, type NodeDocument } from "../../bootstrap/document";

/** No certificate, but of its form and size, and the same each time. */
function certificate(seed: string): string {
  const der = Buffer.concat([Buffer.from([0x30, 0x82, 0x01, 0xa0]), Buffer.from(`${seed} certificate `.repeat(420))]);
  const body = der
    .subarray(0, 420)
    .toString("base64")
    .replace(/.{1,64}/g, "$&\n");
  return `-----BEGIN CERTIFICATE-----\n${body}-----END CERTIFICATE-----\n`;
}

/** Real keys, used nowhere: machines derive their public halves. */
const privateKeys = {
  ca: "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgX1Pc8YZJiCdlnieC\nIWtZ3jW8hnd5YJXDM95iwFb9y0yhRANCAAShwnDsCRLyfYnWgvgnGZ1JO4Nlcr9l\nOlxcxwKwUROVUATPN18ra5lVh0S1s8V6Ngfs+Y/Ij6C+kZIhmMpLo64G\n-----END PRIVATE KEY-----\n",
  "front proxy":
    "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGx7BxgaE0U1AUQId\nSgcKsICKvdMmS+zbIb5pyewTsAOhRANCAASCNp+xNRZx8mO/7shL7jMBOog9olxV\nhiEXZU4xqqtm8OMCC/jBhE8FXoTZsDiyVopr7BAXOh0mpeldREMwfIwe\n-----END PRIVATE KEY-----\n",
  etcd: "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgypMFtVSQdvtBqy5f\nVGVfXD/Md960fE+eHes0mWMlEiKhRANCAAQ7SKFHVZNQHEn1RNexBhJjCJviHkX1\nQcLIWgWzrZgvE1NiGXrRf+LP+zKBzHwF3sy2n6Kjw//9kHK0WI3EvZci\n-----END PRIVATE KEY-----\n",
};

const authority = (seed: keyof typeof privateKeys) => ({
  certificate: certificate(seed),
  privateKey: privateKeys[seed],
});

const common = {
  version: 1 as const,
  clusterName: "train",
  kubernetesVersion: "1.36.3",
  certificateAuthority: authority("ca").certificate,
};

export const controlPlane: NodeDocument = {
  ...common,
  role: "control-plane",
  nodeName: placeholders.nodeName,
  providerId: placeholders.providerId,
  labels: { "gpu-clusters/cluster": "train" },
  taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
  controlPlane: {
    ca: authority("ca"),
    frontProxyCa: authority("front proxy"),
    etcdCa: authority("etcd"),
    serviceAccountKey:
      "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\nOF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n-----END PRIVATE KEY-----\n",
    encryptionKey: "c2VjcmV0cyBpbiBldGNkIGFyZSBlbmNyeXB0ZWQgISE=",
    certificateNames: ["kubernetes"],
    podSubnet: "10.244.0.0/16",
    serviceSubnet: "10.96.0.0/16",
    kubeProxy: true,
  },
};

export const worker: NodeDocument = {
  ...common,
  role: "worker",
  nodeGroup: "cpu",
  nodeName: placeholders.nodeName,
  providerId: placeholders.providerId,
  endpoint: "https://10.0.0.2:6443",
  tlsServerName: "kubernetes",
  labels: {
    team: "search",
    "gpu-clusters/cluster": "train",
    "gpu-clusters/node-group": "cpu",
    "gpu-clusters/role": "worker",
  },
  taints: [],
  bootstrapToken: placeholders.bootstrapToken,
};

export const gpuWorker: NodeDocument = {
  ...worker,
  nodeGroup: "gpu",
  labels: { "gpu-clusters/cluster": "train", "gpu-clusters/node-group": "gpu", "gpu-clusters/role": "worker" },
  taints: [{ key: "nvidia.com/gpu", value: "present", effect: "NoSchedule" }],
  gpu: { vendor: "nvidia", count: 8, model: "H100" },
};

export const encryptedWorker: NodeDocument = {
  ...worker,
  diskEncryption: {
    address: "https://vault.example.com:8200",
    certificateAuthority: certificate("vault").repeat(2),
    authMount: "approle",
    roleId: "8d6f6b8e-5a1c-4c0e-9c0f-6f3f0f2f9a11",
    wrappedSecretId: "hvs.0123456789",
    keyMount: "secret",
    keyPath: "gpu-clusters/train/train-cpu-1",
  },
};

export const lustreWorker: NodeDocument = {
  ...worker,
  lustre: { source: "fs-0123456789abcdef0.fsx.us-west-2.amazonaws.com@tcp:/abcdefgh", path: "/mnt/shared" },
};

export const encryptedControlPlane = { ...controlPlane, diskEncryption: encryptedWorker.diskEncryption! };

/** What a driver does for one machine. */
export function filled(script: string, token = "abcdef.0123456789abcdef"): string {
  return script
    .replaceAll(placeholders.nodeName, "train-cpu-1")
    .replaceAll(placeholders.providerId, "cudo://project/train-cpu-1")
    .replaceAll(placeholders.bootstrapToken, token);
}
