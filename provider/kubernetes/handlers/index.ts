/** The handlers of this room by type token. Each loads on first use. */
import type { ResourceHandler } from "../../server/resource";

export const kubernetesResources: Readonly<Record<string, () => Promise<ResourceHandler>>> = {
  "gpu-clusters:kubernetes:ClusterCertificates": async () =>
    (await import("./cluster-certificates.js")).clusterCertificates,
  "gpu-clusters:kubernetes:ApiServerReady": async () => (await import("./api-server-ready.js")).apiServerReady,
  "gpu-clusters:kubernetes:LastingChoices": async () => (await import("./lasting-choices.js")).lastingChoices,
  "gpu-clusters:kubernetes:NodesReady": async () => (await import("./nodes-ready.js")).nodesReady,
};
