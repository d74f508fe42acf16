/** The node documents of an AWS cluster. Pure. */
import { placeholders, type Taint } from "../../bootstrap/document";
import type { Ec2NodeDocument } from "../../bootstrap/ec2";
import { groupLabels, groupTaints, type GroupMarks } from "../node-marks";

/** Address ranges in the cluster: pods and Services. */
export const subnets = { pods: "10.244.0.0/16", services: "10.96.0.0/12" } as const;

interface Common {
  clusterName: string;
  kubernetesVersion: string;
  certificateAuthority: string;
}

export interface ControlPlaneOptions extends Common {
  /** The public address, known before the machine boots. */
  address: string;
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
    certificateAuthority: options.certificateAuthority,
    labels: { "gpu-clusters/cluster": options.clusterName },
    taints: [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }],
    fileShares: [],
    secrets: { source: "aws-ssm", parameter: options.keysParameter, joinParameter: options.joinParameter },
    controlPlane: {
      certificateNames: ["kubernetes", options.address],
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
    fileShares: [],
    secrets: { source: "aws-ssm", parameter: options.joinParameter },
  };
}
