/** What the parts of the played vMetal know of each other's objects. */
import type { KubernetesObject } from "../../../provider/kubernetes/api";

export const platform = "management.loft.sh/v1";
/** What a Helm release is where its chart is played. */
export const releases = { apiVersion: "simulator.gpu-clusters.example/v1", kind: "PlayedRelease" };

export interface Claim extends KubernetesObject {
  spec: { providerRef: string; typeRef?: string; vClusterRef?: string; properties?: Record<string, string> };
  status?: { phase?: string };
}

export interface Provider extends KubernetesObject {
  spec: {
    metal3?: {
      clusterRef: { namespace?: string };
      nodeTypes?: {
        name: string;
        bareMetalHosts?: { selector?: { matchLabels?: Record<string, string> } };
      }[];
    };
  };
}
