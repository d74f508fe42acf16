import { placeholders, type NodeDocument } from "../../bootstrap/document";

/** Not certificates, but of their form and size, and the same each time. */
function pem(kind: string, seed: string, bytes: number): string {
  const body = Buffer.from(seed.repeat(bytes).slice(0, bytes)).toString("base64").replace(/.{64}/g, "$&\n");
  return `-----BEGIN ${kind}-----\n${body}\n-----END ${kind}-----\n`;
}

const authority = (seed: string) => ({
  certificate: pem("CERTIFICATE", `${seed} certificate `, 420),
  privateKey: pem("PRIVATE KEY", `${seed} key `, 138),
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
    // A real key, used nowhere: its public half is derived on the machine.
    serviceAccountKey:
      "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\nOF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n-----END PRIVATE KEY-----\n",
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

/** What a driver does for one machine. */
export function filled(script: string, token = "abcdef.0123456789abcdef"): string {
  return script
    .replaceAll(placeholders.nodeName, "train-cpu-1")
    .replaceAll(placeholders.providerId, "cudo://project/train-cpu-1")
    .replaceAll(placeholders.bootstrapToken, token);
}
