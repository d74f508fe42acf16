/**
 * Node documents of Mithril's own machines: here it is the cloud that makes machines into nodes, not the user's script.
 * Node names and provider ids are not documented by Mithril: these are the simulator's choice.
 */
import type { NodeDocument } from "../../bootstrap/document";
import { pinnedVersion } from "../../toolchain/tools";
import type { InstanceTypeData } from "./catalogue-data";
import { instanceToken } from "./cluster-authorities";
import type { ClusterAuthorities, StoredCluster, StoredInstance } from "./model";

const podSubnet = "10.244.0.0/16";
const serviceSubnet = "10.96.0.0/12";
const controlPlaneTaint = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" } as const;

function common(cluster: StoredCluster, authorities: ClusterAuthorities) {
  return {
    version: 1,
    clusterName: cluster.name,
    // Simulated machines have one version, whatever the cluster's is called.
    kubernetesVersion: pinnedVersion("kubeadm"),
    certificateAuthority: authorities.ca.certificate,
    labels: {},
    // In the place of Mithril's Cilium.
    cni: "bridge",
  } as const;
}

export function controlPlaneDocument(cluster: StoredCluster, authorities: ClusterAuthorities): NodeDocument {
  const { ca, frontProxyCa, etcdCa, serviceAccountKey } = authorities;
  return {
    ...common(cluster, authorities),
    taints: [controlPlaneTaint],
    role: "control-plane",
    nodeName: `${cluster.fid.replace("_", "-")}-control`,
    providerId: `mithril://${cluster.project}/${cluster.fid}`,
    controlPlane: {
      ca,
      frontProxyCa,
      etcdCa,
      serviceAccountKey,
      certificateNames: [cluster.address],
      podSubnet,
      serviceSubnet,
      kubeProxy: true,
    },
  };
}

export function workerDocument(
  cluster: StoredCluster,
  authorities: ClusterAuthorities,
  instance: StoredInstance,
  type: InstanceTypeData | undefined,
): NodeDocument {
  return {
    ...common(cluster, authorities),
    taints: [],
    role: "worker",
    nodeName: instance.name,
    providerId: `mithril://${instance.project}/${instance.name}`,
    endpoint: `https://${cluster.address}:6443`,
    bootstrapToken: instanceToken(authorities, instance.name),
    ...(type && type.gpus > 0 ? { gpu: { vendor: "nvidia", count: type.gpus, model: type.gpuType } } : {}),
  };
}
