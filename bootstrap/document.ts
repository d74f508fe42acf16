/**
 * The node document: all that a machine must know to become a node. One JSON object per machine role, carried by the bootstrap script.
 * The simulator's light machines read it instead of running the script.
 */

export interface Taint {
  key: string;
  value?: string;
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** A certificate authority in PEM. */
export interface KeyPair {
  certificate: string;
  privateKey: string;
}

/** What only a control plane gets. Private: where a cloud has a secret store (AWS), it travels there and not in user data. */
export interface ControlPlaneDocument {
  /** The cluster CA; its certificate is also `NodeDocument.certificateAuthority`. */
  ca: KeyPair;
  frontProxyCa: KeyPair;
  etcdCa: KeyPair;
  /** Signs service account tokens; the public key is derived from it. PKCS#8 PEM. */
  serviceAccountKey: string;
  /**
   * Encrypts Kubernetes' Secrets in etcd, the same on all control planes of the cluster: 32 bytes in base64. Absent: Secrets are in etcd in plain
   * text, in clusters from before there was a key. May be a placeholder in a script that Vault has.
   */
  encryptionKey?: string;
  /** Names and addresses besides the machine's own that the API server's certificate is for. */
  certificateNames: string[];
  podSubnet: string;
  serviceSubnet: string;
  /** False where the CNI replaces kube-proxy. */
  kubeProxy: boolean;
}

/** How a machine gets the key of its encrypted disk from Vault, at each boot. */
export interface DiskEncryption {
  /** `https://host:port` of Vault. */
  address: string;
  /** PEM; absent: the machine's own authorities. */
  certificateAuthority?: string;
  namespace?: string;
  /** Mount of the AppRole method. */
  authMount: string;
  roleId: string;
  /** One-time token that unwraps to the first secret id; may be a placeholder (`@@VAULT_TOKEN@@`) that the driver fills for each machine. */
  wrappedSecretId: string;
  /** Mount of the KV v2 engine and the path of this machine's key in it. */
  keyMount: string;
  keyPath: string;
  /**
   * Vault has the rest of the start script, at `<keyPath>/start`: for a machine with keys of the cluster (`renderVaultScripts`). It takes that from
   * there once, when the disk is open.
   */
  start?: true;
}

export interface NodeDocument {
  version: 1;
  clusterName: string;
  role: "control-plane" | "worker";
  /** Name of the node group; undefined for the control plane. */
  nodeGroup?: string;
  /** The node's name and the machine's host name; may be a placeholder that the driver fills for each machine. */
  nodeName: string;
  /** The node's `spec.providerID`; may be a placeholder too. */
  providerId: string;
  /** Full version, for example `1.37.2`. */
  kubernetesVersion: string;
  /** `https://host:port` of the API server; undefined on the first control plane, which does not know its public address. */
  endpoint?: string;
  /** The name that the API server's certificate is checked against when it is not the endpoint's host. */
  tlsServerName?: string;
  /** PEM of the cluster CA: a worker trusts nothing else. */
  certificateAuthority: string;
  labels: Record<string, string>;
  taints: Taint[];
  /**
   * `bridge`: containerd's own pod network from the node's `podCIDR`; something else routes between nodes. Absent: an add-on brings the CNI.
   */
  cni?: "bridge";
  /** `external`: a cloud controller manager tells the node's addresses and zone, and takes away the taint with which it registers. */
  cloudProvider?: "external";
  gpu?: { vendor: "nvidia"; count: number; model?: string };
  /** Public keys that may log in as root, in OpenSSH format. */
  authorizedKeys?: string[];
  /**
   * With it the machine joins, without it the machine begins the cluster: workers have it, and of several control planes all but the first.
   * `id.secret`, valid for at most 24 h; may be a placeholder.
   */
  bootstrapToken?: string;
  controlPlane?: ControlPlaneDocument;
  /** Shared files that the node has at a path before anything runs on it (scripts/lustre.sh): `name@tcp:/mount` of a file system of Lustre. */
  lustre?: { source: string; path: string };
  /** What the node stores is on an encrypted disk (scripts/disk.sh). Absent: on the boot disk. */
  diskEncryption?: DiskEncryption;
}

/** Filled in by who makes a machine, for each. They stand in the script as they are here. */
export const placeholders = {
  nodeName: "@@NODE_NAME@@",
  providerId: "@@PROVIDER_ID@@",
  bootstrapToken: "@@BOOTSTRAP_TOKEN@@",
  vaultRoleId: "@@VAULT_ROLE_ID@@",
  vaultToken: "@@VAULT_TOKEN@@",
  vaultKeyPath: "@@VAULT_KEY_PATH@@",
  secretsKey: "@@SECRETS_KEY@@",
} as const;
