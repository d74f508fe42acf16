/** The node documents of an AWS cluster. Pure. */
import { placeholders, type Taint } from "../../bootstrap/document";
import type { Ec2Member, Ec2NodeDocument } from "../../bootstrap/ec2";
import { groupLabels, groupTaints, type GroupMarks } from "../node-marks";

/** Address ranges in the cluster: pods and Services. */
export const subnets = { pods: "10.244.0.0/16", services: "10.96.0.0/12" } as const;

interface Common {
  clusterName: string;
  kubernetesVersion: string;
  certificateAuthority: string;
  /** Whether AWS's cloud controller manager runs in the cluster. */
  externalCloudProvider: boolean;
}

export interface ControlPlaneOptions extends Common {
  /** Addresses and names of the API server that are known before the machine boots. */
  addresses: readonly string[];
  /** Of the API server, where several machines serve it. */
  endpoint: string | undefined;
  /** Which of several machines it is. */
  member: Ec2Member | undefined;
  keysParameter: string;
  joinParameter: string;
}

export function controlPlaneDocument(options: ControlPlaneOptions): Ec2NodeDocument {
  return {
    version: 1,
    clusterName: options.clusterName,
    role: "control-plane",
    nodeName: placeholders.nodeName,
    providerId: placeholders.providerId,
    kubernetesVersion: options.kubernetesVersion,
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
    certificateAuthority: options.certificateAuthority,
    labels: { "gpu-clusters/cluster": options.clusterName },
    taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
    ...cloudProvider(options),
    fileShares: [],
    secrets: { source: "aws-ssm", parameter: options.keysParameter, joinParameter: options.joinParameter },
    ...(options.member && { member: options.member }),
    controlPlane: {
      certificateNames: ["kubernetes", ...options.addresses],
      podSubnet: subnets.pods,
      serviceSubnet: subnets.services,
      kubeProxy: true,
    },
  };
}

export interface WorkerOptions extends Common, GroupMarks {
  endpoint: string;
  joinParameter: string;
  labels: Readonly<Record<string, string>>;
  taints: readonly Taint[];
  gpus: number;
}

/** The document of a group; each machine completes it. */
export function workerDocument(options: WorkerOptions): Ec2NodeDocument {
  return {
    version: 1,
    clusterName: options.clusterName,
    role: "worker",
    nodeGroup: options.group,
    nodeName: placeholders.nodeName,
    providerId: placeholders.providerId,
    kubernetesVersion: options.kubernetesVersion,
    endpoint: options.endpoint,
    certificateAuthority: options.certificateAuthority,
    labels: groupLabels(options, options.labels),
    taints: groupTaints(options, options.taints),
    ...(options.gpus > 0 && { gpu: { vendor: "nvidia" as const, count: options.gpus } }),
    ...cloudProvider(options),
    fileShares: [],
    secrets: { source: "aws-ssm", parameter: options.joinParameter },
  };
}

function cloudProvider({ externalCloudProvider }: Common): Pick<Ec2NodeDocument, "cloudProvider"> {
  return externalCloudProvider ? { cloudProvider: "external" } : {};
}
