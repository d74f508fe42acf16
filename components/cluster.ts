import type { Taint } from "../sdk/kubernetes/taint";
import type * as pulumi from "../sdk/pulumi";

/** A node group as it is now. */
export interface NodeGroupStatus {
  /** The group's name in the cluster. */
  name: string;
  role: "control" | "worker";
  /** @integer */
  minSize: number;
  /** @integer */
  maxSize: number;
  /**
   * Machines that the group has now; the autoscaler moves it between `minSize` and `maxSize`.
   * @integer
   */
  size: number;
  /** The cloud's machine or instance types. */
  machineTypes: string[];
  /**
   * GPUs per node.
   * @integer
   */
  gpus: number;
  /**
   * What pods ask for to have GPUs of a node, and how many of it a node has: `{ "nvidia.com/gpu": 8 }`. There are more where pods take turns. Empty where
   * nodes have none, and where no number does: with ResourceClaims (`gpuMode: "dra"`), and partitions of several sizes.
   * @integer
   */
  gpuResources: Record<string, number>;
  /** What keeps pods off its nodes that do not tolerate it. Nodes that were made before a change may have others. */
  taints: Taint[];
  /** Why machines are missing or were lost, and what keeps the cloud from giving more, in words, as of the last `up` or `refresh`. */
  problems: string[];
  /** The cloud's name of these, where it is known. */
  gpuModel?: string;
}

/**
 * What every cluster component gives, whichever cloud runs it. Add-ons and registrations take this.
 * @handle
 */
export interface KubernetesCluster {
  readonly clusterName: pulumi.Output<string>;
  /** `https://host:port` of the API server. */
  readonly endpoint: pulumi.Output<string>;
  /** PEM certificate of the authority that signs the API server's certificate. */
  readonly certificateAuthority: pulumi.Output<string>;
  /** YAML with static credentials. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** For add-ons and for resources of your own inside the cluster. */
  readonly kubeProvider: pulumi.ProviderResource;
  readonly nodeGroups: pulumi.Output<NodeGroupStatus[]>;
  /** Name of the StorageClass whose volumes many pods read and write at once, once it is there. Left out where there is none. */
  readonly sharedStorageClass?: pulumi.Output<string> | undefined;
  /** `ready` once the API server answers and every group has its minimum of Ready nodes; unknown before that. */
  readonly status: pulumi.Output<string>;
}
