import type * as pulumi from "../../sdk/pulumi";
import type { GpuSharingArgs } from "../../sdk/kubernetes/gpu-sharing";
import type { TaintArgs } from "../../sdk/kubernetes/taint";
import type { ClusterVaultArgs } from "../../sdk/vault/machine-vault";

/** A group of equal VMs between `minSize` and `maxSize`. */
export interface CudoNodeGroupArgs {
  /** Name of the group: 1 to 63 lower-case letters, digits and hyphens. Nodes carry it in the label `gpu-clusters/node-group`. */
  name: string;
  /**
   * `worker` nodes run workloads. `control` nodes are kept for the cluster's own services: they carry the taint
   * `gpu-clusters/role=control:NoSchedule`, and their number is fixed (`minSize` equals `maxSize`).
   */
  role: "control" | "worker";
  /**
   * Fewest nodes, 0 to 100. Present when `pulumi up` returns.
   * @integer
   */
  minSize: pulumi.Input<number>;
  /**
   * Most nodes, 1 to 100. Lowering it below those that are there takes the newest away at once, without draining them: `kubectl drain` them
   * before.
   * @integer
   */
  maxSize: pulumi.Input<number>;
  /**
   * vCPUs per node; the machine type bounds it and its ratio to memory and GPUs.
   * @integer
   */
  vcpus: pulumi.Input<number>;
  /**
   * Memory per node in GiB.
   * @integer
   */
  memoryGib: pulumi.Input<number>;
  /**
   * Boot disk per node in GiB.
   * @integer
   */
  diskSizeGib: pulumi.Input<number>;
  /** Cudo data center, for example `us-newyork-1`. All groups of a cluster are in the same one: Cudo's networks do not reach further. */
  dataCenterId: pulumi.Input<string>;
  /** Hardware family, for example `intel-broadwell-v100`; `getMachineTypes` lists what a data center offers. */
  machineType: pulumi.Input<string>;
  /**
   * GPUs per node. Charged per GPU-hour on top of vCPUs and memory.
   * @default 0
   * @integer
   */
  gpus?: pulumi.Input<number>;
  /** GPU model, for example `V100`; checked against the machine type's, so that a typing error costs nothing. */
  gpuModel?: pulumi.Input<string>;
  /**
   * How pods share GPUs. Default: a GPU is one pod's.
   */
  gpuSharing?: GpuSharingArgs;
  /**
   * Who makes the GPUs. AMD's are `amd.com/gpu` by AMD's operator (Helm, pinned), on images of yours with the driver amdgpu. A cluster has one
   * maker's.
   * Default: `nvidia`.
   */
  gpuVendor?: "nvidia" | "amd";
  /**
   * Who brings NVIDIA's driver: the `image`, as the default ones do, or NVIDIA's GPU `operator` (Helm, pinned; driver 595, for GPUs from Turing
   * on) some minutes after a node's start. With `operator`, the default image is `ubuntu-2404`, and the operator looks after all GPUs of the
   * cluster.
   * Default: `image`.
   */
  gpuDriver?: "image" | "operator";
  /**
   * Image id, or the beginning of one: the newest that matches is used for new nodes.
   * Default: `ubuntu-2404`, and for groups with GPUs `ubuntu-2204-nvidia-550-docker`, which carries the driver.
   */
  image?: pulumi.Input<string>;
  /** Node labels, besides the package's own. A change reaches nodes that are there. */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Node taints. A change reaches nodes that are there. */
  taints?: pulumi.Input<pulumi.Input<TaintArgs>[]>;
}

/** A file server of the cluster's own: a VM with a data disk. */
export interface CudoSharedStorageArgs {
  /**
   * Size of the disk in GiB, for all volumes together. It grows in place; the server takes up what has grown at its next start. Less makes a new,
   * empty disk, which `protect` refuses.
   * @integer
   */
  sizeGib: pulumi.Input<number>;
  /**
   * Refuses to delete or replace disk and server, and what is on them: set `false` and run `pulumi up` first.
   * Default: `true`.
   */
  protect?: boolean;
}

/** The VM that runs the Kubernetes API and etcd. */
export interface CudoControlPlaneArgs {
  /**
   * `sm` 4 vCPUs, 8 GiB, 50 GiB disk; `md` 8, 16, 100; `lg` 16, 32, 200. Another size later changes vCPUs and memory, for which the
   * machine stops; the disk, which has etcd, stays.
   * Default: `md`.
   */
  size?: "sm" | "md" | "lg";
  /**
   * Machine type. Kept once the VM exists.
   * Default: that of the first group without GPUs, else of the first group.
   */
  machineType?: pulumi.Input<string>;
}

export interface CudoClusterArgs {
  /**
   * Name of the cluster: 1 to 128 letters, digits and hyphens, starting and ending with a letter or digit.
   * Default: the resource's name. It is the cluster's for its life: another is refused.
   */
  clusterName?: string;
  /**
   * Put before every physical name, for the life of the cluster; `vantage-` gives the names of the create-cluster request.
   * Default: none.
   */
  namePrefix?: string;
  /**
   * Kubernetes version of a new cluster: a minor (`1.37`) or a full version (`1.37.2`). Nodes always follow the version that the
   * control plane runs; upgrading a running control plane is done on it with kubeadm, and a preview says so while another is asked for.
   * Default: `1.37`.
   */
  kubernetesVersion?: string;
  /**
   * IPv4 range of the pods, /8 to /24, for the cluster's life: each node takes a /24 of it, so that the default has room for 256 nodes. It
   * overlaps neither `serviceCidr` nor the machines' network, 10.0.0.0/16.
   * Default: `10.244.0.0/16`.
   */
  podCidr?: string;
  /** IPv4 range of the Services, /12 to /28, for the cluster's life. It overlaps none of the others. Default: `10.96.0.0/12`. */
  serviceCidr?: string;
  /**
   * Network between pods: `cilium` (Helm chart, pinned), `flannel` (VXLAN), or `none` if you install one yourself:
   * nodes are then only awaited until they have registered.
   * Default: `cilium`.
   */
  cni?: "cilium" | "flannel" | "none";
  /** The VM that runs the Kubernetes API and etcd. */
  controlPlane?: CudoControlPlaneArgs;
  /**
   * Data center of the control plane, for the cluster's life: another is refused. Default: that of the node groups; required when there are
   * none.
   */
  dataCenterId?: pulumi.Input<string>;
  /** Up to 20 groups of up to 100 nodes. */
  nodeGroups?: CudoNodeGroupArgs[];
  /**
   * Grows and shrinks the worker groups between `minSize` and `maxSize` by what pods need: Kubernetes' cluster-autoscaler, with a server of ours
   * in its pod. It acts with the provider's key, which becomes a Secret in `kube-system`: that of `gpu-clusters:cudo` in the stack's
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
  /**
   * Makes GPUs into `nvidia.com/gpu` that pods ask for: NVIDIA's device plugin, node labels with the GPUs' model and memory (GPU feature
   * discovery), metrics for Prometheus (the Service `nvidia-dcgm-exporter` in kube-system) and the RuntimeClass `nvidia`, on groups with GPUs;
   * `pulumi up` then waits until their nodes offer them. Where a group wants its driver or partitions of NVIDIA's GPU operator, that does it
   * all. Costs nothing but about 100 MiB of each node's memory, 1 GiB with the operator. `false` for those who install NVIDIA's GPU operator, or a platform that brings its own
   * (Modelplane): then no group takes `gpuSharing` or `gpuDriver`, nor the cluster `gpuMode`.
   * Default: `true`.
   */
  gpu?: boolean;
  /**
   * How pods get NVIDIA's GPUs. `plugin`: they ask for a number of `nvidia.com/gpu`, of the device plugin; `dra`: they name devices in
   * ResourceClaims, of NVIDIA's DRA driver (Helm, pinned) in the device plugin's place, as Modelplane wants it. `dra` takes no `gpuSharing`, drivers of
   * 565 or newer, Kubernetes 1.34.2 or newer, and groups do not grow from zero for claims. Change it while no pod has a GPU.
   * Default: `plugin`.
   */
  gpuMode?: "plugin" | "dra";
  /**
   * Storage that many pods on many nodes read and write at once: a VM (4 vCPUs, 8 GiB, of the control plane's machine type) that serves a data
   * disk over NFS in the cluster's network, unencrypted on the way (on the disk, with `vault`, encrypted); the driver for it (Helm, pinned) and the StorageClass `shared` (`SharedClaim`). While the
   * server is away, pods wait. Charged as a VM and a disk.
   * Default: none.
   */
  sharedStorage?: CudoSharedStorageArgs;
  /**
   * Encrypts what every node stores, the control plane's etcd too: LUKS2, with a key per machine in this Vault (or OpenBao), fetched at each boot. The
   * cluster's keys then come to the control plane from there and not by way of Cudo. The provider's `vault.token` acts; docs/encrypted-disks.md has
   * the policies. The disk of `sharedStorage` has a key of its own there, which goes with it. Required unless `noVault`. Given later, it concerns what is made
   * from then on, and not the control plane nor the file server; taken away or led elsewhere it is refused, because machines that are there have their keys in it.
   */
  vault?: ClusterVaultArgs;
  /**
   * Leaves disks unencrypted, which is for clusters without a Vault, and for trying things.
   * Default: `false`; `vault` is required then.
   */
  noVault?: boolean;
  /** Public key for root on every VM, for debugging. `sshAccessCidrs` opens port 22. Default: no SSH at all. */
  sshPublicKey?: pulumi.Input<string>;
  /**
   * The private key of `sshPublicKey`, in OpenSSH's, PEM or PKCS#8 format without a passphrase. With it, `pulumi up` reads the log of a machine that
   * does not become a node, and says why. Kept in the state as a secret. Default: none; the error says where the log is.
   * @secret
   */
  sshPrivateKey?: pulumi.Input<string>;
  /**
   * IPv4 ranges that may reach the Kubernetes API.
   * Default: `["0.0.0.0/0"]`; clients are still asked for a certificate or token.
   */
  apiServerAccessCidrs?: pulumi.Input<pulumi.Input<string>[]>;
  /** IPv4 ranges that may reach port 22 of the VMs; needs `sshPublicKey`. Default: none. */
  sshAccessCidrs?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Allows pre-releases of Kubernetes, installed from the project's pre-release packages.
   * Default: `false`.
   */
  devMode?: boolean;
  /**
   * How long the administrator's certificate in the kubeconfig lives, in hours. `pulumi up` renews it when less than a third is left.
   * Default: 2160 (90 days).
   * @integer
   */
  adminValidityHours?: pulumi.Input<number>;
}
