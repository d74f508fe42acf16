/** The handlers of this room by type token. Each loads on first use. */
import type { ResourceHandler } from "../../server/resource";
import type { LogSources } from "./machine-reports";
import type { OpenGroups } from "./node-supply";

export type { LogSources };

/** `sources`: where the clouds let machines' logs be read. `groups`: opens the node groups of the clouds. */
export function kubernetesResources(
  sources: LogSources,
  groups: OpenGroups,
): Readonly<Record<string, () => Promise<ResourceHandler>>> {
  return {
    "gpu-clusters:kubernetes:ClusterCertificates": async () =>
      (await import("./cluster-certificates.js")).clusterCertificates,
    "gpu-clusters:kubernetes:ApiServerReady": async () =>
      (await import("./api-server-ready.js")).apiServerReady(sources),
    "gpu-clusters:kubernetes:EtcdMembers": async () => (await import("./etcd-members.js")).etcdMembers,
    "gpu-clusters:kubernetes:GeneratedKey": async () => (await import("./generated-key.js")).generatedKey,
    "gpu-clusters:kubernetes:InferenceRequirements": async () =>
      (await import("./inference-requirements.js")).inferenceRequirements,
    "gpu-clusters:kubernetes:KubeconfigSecret": async () => (await import("./kubeconfig-secret.js")).kubeconfigSecret,
    "gpu-clusters:kubernetes:LastingChoices": async () => (await import("./lasting-choices.js")).lastingChoices,
    "gpu-clusters:kubernetes:MachinesReturned": async () => (await import("./machines-returned.js")).machinesReturned,
    "gpu-clusters:kubernetes:ObjectReady": async () => (await import("./object-ready.js")).objectReady,
    "gpu-clusters:kubernetes:ObjectsGone": async () => (await import("./objects-gone.js")).objectsGone,
    "gpu-clusters:kubernetes:PlatformClaim": async () => (await import("./platform-claim.js")).platformClaim,
    "gpu-clusters:kubernetes:NodesReady": async () => (await import("./nodes-ready.js")).nodesReady(sources, groups),
    "gpu-clusters:kubernetes:ReleaseUnlocked": async () => (await import("./release-unlocked.js")).releaseUnlocked,
    "gpu-clusters:kubernetes:DeploymentStopped": async () =>
      (await import("./deployment-stopped.js")).deploymentStopped,
    "gpu-clusters:kubernetes:VolumesLeft": async () => (await import("./volumes-left.js")).volumesLeft,
  };
}
