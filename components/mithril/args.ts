import type * as pulumi from "../../sdk/pulumi";
import type { CapacityArgs } from "../../sdk/mithril/node-group";

/** A group of equal nodes. Mithril gives nodes no labels or taints. */
export interface MithrilNodeGroupArgs {
  /** Name of the group: 1 to 63 lower-case letters, digits and hyphens. */
  name: string;
  /** Instance type, for example `h100-80gb.sxm.8x`; `getSpotAvailability` lists what a region auctions. */
  instanceType: pulumi.Input<string>;
  /**
   * How the nodes are bought: `{ spot: { limitPrice: "$20.00" } }` bids for each node (`bidSize` nodes per bid, all or none);
   * `{ reservation: { start, end, maxUnitPrice, onDestroy } }` pays for all nodes up front, and the preview tells how much.
   */
  capacity: CapacityArgs;
  /**
   * Fewest nodes, 0 to 100; they are bid for by `pulumi up`, which waits for them.
   * @integer
   */
  minSize: pulumi.Input<number>;
  /**
   * Most nodes, 1 to 100; `minSize` for a reservation. Lowering it below those that are there takes some away at once, without draining them.
   * @integer
   */
  maxSize: pulumi.Input<number>;
  /**
   * GPUs per node, for `nodeGroups`. Default: what an instance type such as `h100-80gb.sxm.8x` says at its end, else 0.
   * @integer
   */
  gpus?: pulumi.Input<number>;
  /** The cluster's region: nodes of another never join. Default: the cluster's. */
  region?: pulumi.Input<string>;
  /** More volumes (`vol_…`) for each node; a block volume only for a group of one node. */
  volumes?: pulumi.Input<pulumi.Input<string>[]>;
  /** Bash script that new nodes run on their first boot as root, at most 10 000 characters. Never `kubeadm`: nodes join by themselves. */
  startupScript?: pulumi.Input<string>;
  /** Image (`imgver_…`) of new nodes. Default: Mithril's stable one. */
  image?: pulumi.Input<string>;
  /**
   * Pauses the group: no instances, no cost; boot disks are kept.
   * @default false
   */
  paused?: pulumi.Input<boolean>;
}

/** Storage that every node of the cluster reads and writes. */
export interface MithrilFileShareArgs {
  /** Name, unique in the project: 1 to 64 lower-case letters, digits and hyphens, starting with a letter and not ending with a hyphen. Mounted at `/mnt/<name>`. */
  name: string;
  /**
   * Size in GB, 1 to 32 000. Another size is refused, because it would be another, empty share: add a share of another name.
   * @integer
   */
  sizeGb: pulumi.Input<number>;
  /**
   * Refuses to take it from the list or to give it another name, because it would be deleted with all that is in it: set `false` and run `pulumi up` first.
   * Destroying the cluster deletes it, unless `sharedStorage` protects it.
   * Default: `true`; of the share of `sharedStorage`, what is said there.
   */
  protect?: boolean;
}

/** The machine that Mithril runs the Kubernetes API on. */
export interface MithrilControlPlaneArgs {
  /** Instance type, by name or fid: one without GPUs, for example `cpu.4x`; for the cluster's life: another is refused. */
  instanceType: pulumi.Input<string>;
}

export interface MithrilSharedStorageArgs {
  /** One of `fileShares`. */
  share: string;
  /**
   * Refuses to delete or replace the share, and what is in it: set `false` and run `pulumi up` first.
   * Default: `true`.
   */
  protect?: boolean;
}

export interface MithrilClusterArgs {
  /**
   * Name of the cluster: 1 to 63 lower-case letters, digits and hyphens, starting with a letter.
   * Default: the resource's name. It is the cluster's for its life: another is refused.
   */
  clusterName?: string;
  /**
   * Put before the names of the cluster, its key and its orders, for the life of the cluster.
   * Default: none.
   */
  namePrefix?: string;
  /** Region, for example `us-central5-a`, for the cluster's life: one that has Kubernetes clusters, and file shares where they are asked for. */
  region: pulumi.Input<string>;
  /** The machine that Mithril hosts the control plane on. */
  controlPlane: MithrilControlPlaneArgs;
  /**
   * Kubernetes version, for the cluster's life: another is refused.
   * Default: `1.34`.
   */
  kubernetesVersion?: "1.34" | "1.29";
  /**
   * Public key that opens the control plane and the nodes as `ubuntu`, for the cluster's life. Registered before the cluster is made.
   * A key that the project has already is used as it is. This or `sshKeyId`.
   */
  sshPublicKey?: pulumi.Input<string>;
  /** In the place of `sshPublicKey`: a key that the project has, by its fid, `sshkey_…`. It stays when the cluster goes. */
  sshKeyId?: pulumi.Input<string>;
  /**
   * The private key that belongs to it, in OpenSSH's, PEM or PKCS#8 format without a passphrase: the kubeconfig is read with it. Kept as a secret.
   * @secret
   */
  sshPrivateKey: pulumi.Input<string>;
  /**
   * Port of SSH on the control plane.
   * Default: 22.
   * @integer
   */
  sshPort?: pulumi.Input<number>;
  /**
   * The control plane's own SSH key, as in a known_hosts file: `ssh-ed25519 AAAA…`. Of several the one that is asked for first: ECDSA, else RSA,
   * else Ed25519. Default: the one of the first contact is trusted, because Mithril publishes none.
   */
  hostKey?: pulumi.Input<string>;
  /** Up to 20 groups of up to 100 nodes. */
  nodeGroups?: MithrilNodeGroupArgs[];
  /**
   * Grows and shrinks the groups of spot bids between `minSize` and `maxSize` by what pods need: Kubernetes' cluster-autoscaler, with a server of ours in its
   * pod. It acts with the provider's key, which becomes a Secret in `kube-system`: that of `gpu-clusters:mithril` in the stack's
   * configuration, or the environment's.
   * Default: `true`.
   */
  autoscaler?: boolean;
  /**
   * How long nobody has needed a node, and no group has grown, until the node goes: a duration as cluster-autoscaler takes it for
   * `--scale-down-unneeded-time`, `90s` or `1h30m`. The same for all groups.
   * Default: `10m`.
   */
  scaleDownAfter?: string;
  /** File shares, attached to every group. They can be deleted once no order has them. Charged per GB and month. */
  fileShares?: MithrilFileShareArgs[];
  /**
   * Storage that many pods on many nodes read and write at once: the StorageClass `shared`, whose volumes are directories of a file share
   * (`SharedClaim`). A share as a whole is a `FileShareVolume`. Costs nothing but the share.
   * Default: none.
   */
  sharedStorage?: MithrilSharedStorageArgs;
  /**
   * How long to wait for the cluster to become `Available`, in minutes. Mithril says up to ten and has no status for a failure.
   * Default: 15.
   * @integer
   */
  timeoutMinutes?: number;
}
