import type * as pulumi from "../../sdk/pulumi";
import type { KubernetesCluster } from "../cluster";
import type { GpuArgs } from "./gpus";
import type { InferenceClass } from "./inference-class";

/** A value of a device: exactly one of them. */
export interface DeviceAttribute {
  string?: string;
  /** Semantic version: `9.0.0`. */
  version?: string;
  bool?: boolean;
  /** @integer */
  int?: number;
}

/** What a node of the class has, as the driver publishes it. */
export interface DeviceArgs {
  /** 1 to 63 characters; models' selectors name it. */
  name: string;
  /**
   * `DRA`: pods get it by a ResourceClaim. `Synthetic`: it counts for the choice of a cluster only.
   * Default: `DRA`.
   */
  claim?: "DRA" | "Synthetic";
  /** `gpu.nvidia.com`, for example. */
  driver: string;
  /** Needed with `DRA`. */
  deviceClassName?: string;
  /**
   * Per node, 1 to 64.
   * @integer
   */
  count?: number;
  attributes?: Record<string, DeviceAttribute>;
  /** Kubernetes quantities by name, `{ memory: "81559Mi" }`: what the driver publishes, or replicas wait for ever for what nobody has. */
  capacity?: Record<string, string>;
}

/** What a cloud calls its GPUs. */
export interface AcceleratorArgs {
  /** `nvidia-l4`, for example. */
  type: string;
  /**
   * Per node, 1 to 16.
   * @integer
   */
  count: number;
}

interface Machine {
  /**
   * At least 10. Default: 100.
   * @integer
   */
  diskSizeGb?: number;
  /** Default: `nvidia-` and the model, and the count, of `gpus`. */
  accelerator?: AcceleratorArgs;
}

/** Machines that Modelplane makes for pools of this class: exactly one of them. */
export interface ProvisioningArgs {
  eks?: Machine & { instanceType: string };
  gke?: Machine & { machineType: string };
  aks?: Machine & { vmSize: string };
  nebius?: Machine & { platform: string; preset: string; driversPreset?: string };
  vultr?: Omit<Machine, "diskSizeGb"> & { plan: string };
}

export interface InferenceClassArgs {
  /** The cluster that Modelplane runs in. */
  controlPlane: KubernetesCluster;
  /** Name of the object, up to 63 characters. Default: the resource's. */
  className?: string;
  description?: string;
  /** GPUs of a known model: what NVIDIA's driver publishes of them is derived. In place of `devices`. */
  gpus?: pulumi.Input<GpuArgs>;
  /** In place of `gpus`, 1 to 16: any devices. */
  devices?: DeviceArgs[];
  /** For clusters that Modelplane makes. Left out where the nodes exist. */
  provisioning?: ProvisioningArgs;
}

export interface CredentialsArgs {
  /** Default: `ClusterProviderConfig`. */
  type?: "ClusterProviderConfig" | "ProviderConfig";
  /** Default: `default`. */
  name?: string;
}

interface Provisioned {
  /** Default: Modelplane's own choice. */
  kubernetesVersion?: string;
  /** Which of Crossplane's configurations has the cloud's credentials. Default: the ClusterProviderConfig `default`. */
  credentials?: CredentialsArgs;
}

/** Who Modelplane is for the cloud that runs the cluster. */
export interface IdentityArgs {
  /**
   * A service account's key of Google Cloud or of Nebius. AWS's web identities are not among them: Modelplane hands credentials on as Secrets, and
   * its provider for Kubernetes takes these from nothing but its own pod.
   * Default: `GoogleApplicationCredentials`.
   */
  type?: "GoogleApplicationCredentials" | "NebiusServiceAccountCredentials";
  /**
   * The key as the cloud gives it, JSON. Its account must be `cluster-admin`.
   * @secret
   */
  credentials: pulumi.Input<string>;
}

/** A cluster that is there. */
export interface ExistingSourceArgs {
  /**
   * The cluster. Modelplane must be its only user, and brings what it needs: give it `gpu: false`, and each group of a pool the label
   * `modelplane.ai/pool`.
   */
  cluster: KubernetesCluster;
  /**
   * StorageClass for models' weights, whose volumes many pods read and write at once.
   * Default: the cluster's `sharedStorage`, where it has one; else models are not cached.
   */
  cacheStorageClass?: pulumi.Input<string>;
  /**
   * Says that Services of type LoadBalancer get addresses although nothing in the cluster shows who gives them.
   * Default: `false`.
   */
  loadBalancers?: boolean;
  /** By which Modelplane reaches a cluster that takes no tokens without an end. Default: the token of a ServiceAccount made for it. */
  identity?: IdentityArgs;
}

/** Nodes of one class. */
export interface NodePoolArgs {
  /** Up to 40 characters. On `existing` nodes have it as the label `modelplane.ai/pool`. Another one in its place replaces the cluster. */
  name: string;
  /**
   * The class of its nodes, or the name of one that is there.
   * Default, on `existing`: one is made, of the cluster's node group with the pool's name, or of `gpus`.
   */
  class?: InferenceClass | string;
  /** GPUs of the nodes, where a class is to be made and no node group of the cluster tells them. */
  gpus?: GpuArgs;
  /**
   * Default: 1; of a pool that is made of a node group, the group's `minSize`.
   * @integer
   */
  nodeCount?: pulumi.Input<number>;
  /** @integer */
  minNodeCount?: number;
  /** @integer */
  maxNodeCount?: number;
  /** Needed on `eks` and `gke`. */
  zones?: string[];
  /** On `eks`: an EC2 Capacity Block. */
  capacityBlock?: { capacityReservationId: string };
  /** Network between the nodes. `EFA` on `eks` only. Default: none of its own. */
  fabric?: { type: "None" | "EFA" | "InfiniBand"; infiniband?: { fabric: string } };
}

export interface InferenceClusterArgs {
  /** The cluster that Modelplane runs in: another one than the clusters it serves models on. */
  controlPlane: KubernetesCluster;
  /** Name of the object, up to 63 characters. Default: the resource's. */
  clusterName?: string;
  /** The source, exactly one: a cluster that is there, */
  existing?: ExistingSourceArgs;
  /** or one that Modelplane makes on EKS, */
  eks?: Provisioned & { region: string };
  /** on GKE, */
  gke?: Provisioned & { region: string };
  /** on AKS, */
  aks?: Provisioned & { location: string };
  /** on Nebius, */
  nebius?: Provisioned;
  /** on Vultr. */
  vultr?: Provisioned & { region: string };
  /** What models' `clusterSelector` chooses by. */
  labels?: Record<string, pulumi.Input<string>>;
  /** Of the cluster, not of its nodes: models must tolerate them. */
  taints?: { key: string; value?: string; effect: "NoSchedule" | "NoExecute" }[];
  /** 1 to 8. */
  nodePools: NodePoolArgs[];
  /**
   * How long to wait until it is ready, and until it is gone, in minutes.
   * Default: 20 for `existing`, 60 for clusters that are made.
   * @integer
   */
  timeoutMinutes?: number;
}
