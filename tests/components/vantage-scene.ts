/** Requests for clusters, as short as they are right, and the accounts that they name. */
import type {
  AwsRequestGroup,
  AwsSettings,
  CloudAccount,
  CreateClusterRequest,
  CudoRequestGroup,
  CudoSettings,
} from "../../components/vantage/request";
import type { Functions } from "./mocks";

export const roleArn = "arn:aws:iam::123456789012:role/vantage";
export const accounts: Record<number, CloudAccount> = {
  1: { provider: "aws", role_arn: roleArn, external_id: "external" },
  2: { provider: "cudo" },
  3: { provider: "aws" },
};

export const awsGroup: AwsRequestGroup = {
  name: "cpu",
  role: "worker",
  min_size: 1,
  max_size: 3,
  instance_types: ["t3.xlarge"],
};
export const cudoGroup: CudoRequestGroup = {
  id: "gpu",
  role: "worker",
  min_size: 1,
  max_size: 3,
  vcpus: 8,
  memory_gib: 32,
  boot_disk_size_gib: 100,
  data_center_id: "us-dallas-1",
  machine_type: "intel-broadwell-v100",
  gpus: 1,
  gpu_model: "V100",
};

export function aws(
  settings: Partial<AwsSettings> = {},
  more: Partial<CreateClusterRequest> = {},
): CreateClusterRequest {
  return {
    name: "c1",
    description: "d",
    cloud_account_id: 1,
    cluster_type: "k8s",
    settings: { key_pair: "ops", ...settings },
    ...more,
  };
}

export function cudo(settings: Partial<CudoSettings> = {}): CreateClusterRequest {
  return {
    name: "c1",
    description: "d",
    cloud_account_id: 2,
    cluster_type: "k8s",
    settings: { no_vault: true, autoscaler_node_groups: [cudoGroup], ...settings },
  };
}

/** Security groups with the cluster's tag: all, and this stack's. */
export function securityGroups(all: string[], own: string[]): Functions {
  const ids = ({ tags }: Record<string, unknown>) => ({ ids: "gpu-clusters/stack" in (tags as object) ? own : all });
  return { "aws:ec2/getSecurityGroups:getSecurityGroups": ids };
}
