import type { TaintEffect } from "../../sdk/kubernetes/taint";
import type * as pulumi from "../../sdk/pulumi";
import type { InventoryPlace, MachineImageArgs } from "./hosts-args";

/** Servers that the control plane runs on. */
export interface BareMetalControlPlaneArgs {
  /**
   * 1, 3 or 5. Default: 1.
   * @integer
   */
  count?: number;
  /** Labels that a host must have: one at least. */
  hostLabels: Record<string, string>;
  /** Default: the cluster's. */
  image?: MachineImageArgs;
  /**
   * What root runs on its machines before kubeadm, after the cluster's own commands: for example to bring up who holds the address of `endpoint`. They are in
   * an object in plain text.
   */
  preKubeadmCommands?: string[];
}

/** A taint of a group's nodes: plain, because what machines are made of is named by what is in it. */
export interface BareMetalTaint {
  /** For example `nvidia.com/gpu`. */
  key: string;
  /** Default: none. */
  value?: string;
  effect: TaintEffect;
}

/** As many servers as it says, for as long as it says so. */
export interface BareMetalGroupArgs {
  /** Up to 40 characters, another one in each group of the cluster. Nodes have it as the label `gpu-clusters/node-group`. */
  name: string;
  /** @integer */
  count: number;
  /** Labels that a host must have: one at least. */
  hostLabels: Record<string, string>;
  /** Default: the cluster's. */
  image?: MachineImageArgs;
  /** Labels of its nodes. For Modelplane: `poolLabels("gpu")`. */
  labels?: Record<string, string>;
  /** What keeps pods off its nodes that do not tolerate it. Default: none. */
  taints?: BareMetalTaint[];
  /**
   * GPUs of each node. Nothing is installed for them: what is given here becomes labels, and is told on in `nodeGroups`.
   * Default: 0.
   * @integer
   */
  gpus?: number;
  /** Their model, such as `H100`. */
  gpuModel?: string;
}

export interface BareMetalClusterArgs {
  /** Where its servers come from: BareMetalHosts, or the place of some. The cluster's own objects are in the same namespace, because Metal3 gives no others. */
  inventory: InventoryPlace;
  /** Name of the cluster, up to 40 characters, beginning with a letter. Default: the resource's. */
  clusterName?: string;
  /**
   * `host:port` at which nodes and people reach the API server: an address that somebody brings to the control plane, a load balancer or keepalived on its
   * machines (`controlPlane.preKubeadmCommands`), or the one server's own. It stays for the cluster's life.
   */
  endpoint: pulumi.Input<string>;
  /** The version that the image has kubeadm and kubelet of, in full: `1.37.2`. */
  kubernetesVersion: string;
  /** What servers are written with: cloud-init, containerd, kubelet, kubeadm and kubectl are in it, as Cluster API's own image builder makes it. */
  image: MachineImageArgs;
  /** Its servers. Another image or setting of theirs makes one after the other anew. */
  controlPlane: BareMetalControlPlaneArgs;
  /** Where there is none, nothing runs but the control plane. */
  nodeGroups: BareMetalGroupArgs[];
  /** What root runs on each machine before kubeadm. They are in an object in plain text. */
  preKubeadmCommands?: string[];
  /** Network between pods. `none`: you install one, and nodes count when they have joined. Default: `cilium`. */
  cni?: "cilium" | "flannel" | "none";
  /** Range of the pods, apart from the nodes' network. Default: `10.244.0.0/16`. */
  podCidr?: string;
  /** Range of the Services. Default: `10.96.0.0/12`. */
  serviceCidr?: string;
  /**
   * How long to wait for the control plane, for the nodes, and until servers are free again, in minutes each: servers are written and started anew.
   * Default: 60.
   * @integer
   */
  timeoutMinutes?: number;
}
