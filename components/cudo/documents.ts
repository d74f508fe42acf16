/** The node documents of a Cudo cluster. Pure. */
import { placeholders, type ControlPlaneDocument, type NodeDocument, type Taint } from "../../bootstrap/document";
import { groupLabels, groupTaints } from "../node-marks";

/** Every certificate of the API server has this DNS name, so clients can check it whatever the machine's address turns out to be. */
export const apiServerName = "kubernetes";

interface Common {
  clusterName: string;
  kubernetesVersion: string;
  certificateAuthority: string;
  /** Empty: no SSH. */
  authorizedKeys: string[];
}

export interface ControlPlaneOptions extends Common {
  keys: Pick<ControlPlaneDocument, "ca" | "frontProxyCa" | "etcdCa" | "serviceAccountKey">;
  podSubnet: string;
  serviceSubnet: string;
}

export function controlPlaneDocument(options: ControlPlaneOptions): NodeDocument {
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
    ...(options.authorizedKeys.length > 0 && { authorizedKeys: options.authorizedKeys }),
    controlPlane: {
      ...options.keys,
      certificateNames: [apiServerName],
      podSubnet: options.podSubnet,
      serviceSubnet: options.serviceSubnet,
      kubeProxy: true,
    },
  };
}

export interface WorkerOptions extends Common {
  endpoint: string;
  group: string;
  role: "control" | "worker";
  labels: Record<string, string>;
  taints: Taint[];
  gpus: number;
  gpuModel: string | undefined;
}

/** The document of a group; the driver fills what differs from machine to machine. */
export function workerDocument(options: WorkerOptions): NodeDocument {
  return {
    version: 1,
    clusterName: options.clusterName,
    role: "worker",
    nodeGroup: options.group,
    nodeName: placeholders.nodeName,
    providerId: placeholders.providerId,
    kubernetesVersion: options.kubernetesVersion,
    endpoint: options.endpoint,
    tlsServerName: apiServerName,
    certificateAuthority: options.certificateAuthority,
    labels: groupLabels(options, options.labels),
    taints: groupTaints(options, options.taints),
    ...(options.gpus > 0 && {
      gpu: { vendor: "nvidia" as const, count: options.gpus, ...(options.gpuModel && { model: options.gpuModel }) },
    }),
    fileShares: [],
    ...(options.authorizedKeys.length > 0 && { authorizedKeys: options.authorizedKeys }),
    bootstrapToken: placeholders.bootstrapToken,
  };
}
