/** The create-cluster request, field by field (seed 004, "Reference"). Names are the request's own. */

export interface CreateClusterRequest {
  /** 1 to 128 letters, digits and hyphens, starting and ending with a letter or digit. */
  name: string;
  description: string;
  /** One of the accounts that the caller knows; says which cloud `settings` are for. */
  cloud_account_id: number;
  cluster_type: "k8s";
  /** 24 to 32 characters: the secret of the cluster's OAuth client. Default: made with it. */
  secret?: string;
  settings: AwsSettings | CudoSettings;
}

export interface RequestTaint {
  key: string;
  value?: string;
  effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

export interface AwsSettings {
  /** Default: `us-east-1`. */
  region_name?: string;
  key_pair: string;
  /** Default: `t3.xlarge`. */
  control_plane_instance_type?: string;
  /** Default: a new VPC. */
  vpc_id?: string;
  /** Default: those of the VPC, one for each zone. */
  subnet_id?: string;
  autoscaler_node_groups?: AwsRequestGroup[];
  /**
   * What runs in the cluster: `jupyterhub`, `kuberay`, `slurm`. The first and the last bring shared storage, and `slurm` wants a name that is one of a
   * Slurm cluster too: lowercase letters, numbers and dashes, starting with a letter, without a trailing dash.
   */
  integrations?: string[];
}

export interface AwsRequestGroup {
  name: string;
  role: "control" | "worker";
  min_size: number;
  max_size: number;
  instance_types: string[];
  labels?: Record<string, string>;
  taints?: RequestTaint[];
  /** `diversified` and `capacity-optimized` are for spot machines only, so that such a group has those. Default: `lowest-price`, on-demand. */
  allocation_strategy?: "lowest-price" | "diversified" | "capacity-optimized";
}

export interface CudoSettings {
  /** At least one: it says where the cluster is. */
  autoscaler_node_groups?: CudoRequestGroup[];
  /** Default: `md`. */
  control_plane_size?: "sm" | "md" | "lg";
  /** The same by its profile's name: `vantage-k8s-control-sm`, `-md` or `-lg`. */
  instance_type?: string;
  ssh_public_key?: string;
  dev_mode?: boolean;
  /** Leaves disks unencrypted. Default: false, which needs a Vault (`vault` of who makes the cluster). */
  no_vault?: boolean;
}

export interface CudoRequestGroup {
  id: string;
  role: "control" | "worker";
  min_size: number;
  max_size: number;
  vcpus: number;
  memory_gib: number;
  boot_disk_size_gib: number;
  data_center_id: string;
  machine_type: string;
  gpus?: number;
  gpu_model?: string;
  labels?: Record<string, string>;
}

/** A cloud account, as the caller keeps it. */
export interface CloudAccount {
  provider: "aws" | "cudo";
  /** AWS: the role that is assumed there. */
  role_arn?: string;
  external_id?: string;
}

/** Names that `settings.integrations` may have. */
export const integrationNames = ["jupyterhub", "kuberay", "slurm"] as const;
export type IntegrationName = (typeof integrationNames)[number];
