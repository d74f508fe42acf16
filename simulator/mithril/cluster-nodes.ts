/** What Mithril does to the nodes of a cluster: drain, uncordon, remove (reference: Mithril Compute Clusters, "Node lifecycle"). */
import { nvidiaDevicePlugin } from "../../components/versions";
import { KubernetesApiError } from "../../provider/kubernetes/api";
import { tokenGroups } from "../../provider/kubernetes/bootstrap-token";
import { ApiConnection } from "../machines/api-connection";
import type { ClusterAuthorities, InstanceStatus, StoredCluster } from "./model";

export type NodeMode = "joined" | "drained" | "removed";

/** Undefined: leave it as it is. */
export function nodeModeOf(status: InstanceStatus): NodeMode | undefined {
  const modes: Partial<Record<InstanceStatus, NodeMode>> = {
    STATUS_PREEMPTING: "drained",
    STATUS_RELOCATING: "drained",
    STATUS_RUNNING: "joined",
    STATUS_TERMINATED: "removed",
  };
  return modes[status];
}

const mergePatch = "application/merge-patch+json";

/** A connection as the cluster's administrator. Close it. */
export function connectAdmin(cluster: StoredCluster, { ca, admin }: ClusterAuthorities): ApiConnection {
  const server = { endpoint: `https://${cluster.address}:6443`, certificateAuthority: ca.certificate };
  return new ApiConnection(server, admin);
}

/** With which a machine joins: the node of that name only, where there is one. Safe to repeat. */
export async function installJoinToken(
  api: ApiConnection,
  token: string,
  nodeName: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const [id, secret] = token.split(".");
  await api
    .request("POST", "/api/v1/namespaces/kube-system/secrets", signal, {
      metadata: { name: `bootstrap-token-${id}` },
      type: "bootstrap.kubernetes.io/token",
      stringData: {
        "token-id": id,
        "token-secret": secret,
        "usage-bootstrap-authentication": "true",
        "usage-bootstrap-signing": "true",
        "auth-extra-groups": tokenGroups(nodeName),
      },
    })
    .catch(unless("AlreadyExists"));
}

const operator = { namespace: "gpu-operator", plugin: "nvidia-device-plugin-daemonset" };

/** What NVIDIA's operator, which Mithril's clusters have from the beginning, runs to advertise GPUs. Safe to repeat. */
export async function installDevicePlugin(api: ApiConnection, signal: AbortSignal): Promise<void> {
  const { namespace, plugin } = operator;
  await api
    .request("POST", "/api/v1/namespaces", signal, { metadata: { name: namespace } })
    .catch(unless("AlreadyExists"));
  const labels = { app: plugin };
  const sockets = { name: "device-plugins", hostPath: { path: "/var/lib/kubelet/device-plugins" } };
  const container = {
    name: "nvidia-device-plugin",
    image: nvidiaDevicePlugin,
    command: ["nvidia-device-plugin"],
    securityContext: { privileged: true },
    volumeMounts: [{ name: sockets.name, mountPath: sockets.hostPath.path }],
  };
  await api
    .request("POST", `/apis/apps/v1/namespaces/${namespace}/daemonsets`, signal, {
      metadata: { name: plugin, labels },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { tolerations: [{ operator: "Exists" }], containers: [container], volumes: [sockets] },
        },
      },
    })
    .catch(unless("AlreadyExists"));
}

export async function bringNode(api: ApiConnection, name: string, mode: NodeMode, signal: AbortSignal): Promise<void> {
  const path = `/api/v1/nodes/${name}`;
  if (mode === "removed") {
    await api.request("DELETE", path, signal).catch(unless("NotFound"));
    return;
  }
  const patch = { spec: { unschedulable: mode === "drained" ? true : null } };
  await api.request("PATCH", path, signal, patch, mergePatch);
  if (mode === "drained") await evictPods(api, name, signal);
}

interface PodList {
  items: {
    metadata: {
      name: string;
      namespace: string;
      ownerReferences?: { kind: string }[];
      annotations?: Record<string, string>;
    };
  }[];
}

/** As `kubectl drain --ignore-daemonsets` does. */
async function evictPods(api: ApiConnection, node: string, signal: AbortSignal): Promise<void> {
  const selector = encodeURIComponent(`spec.nodeName=${node}`);
  const { items } = await api.request<PodList>("GET", `/api/v1/pods?fieldSelector=${selector}`, signal);
  for (const { metadata } of items) {
    const stays =
      metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet") ||
      metadata.annotations?.["kubernetes.io/config.mirror"];
    if (stays) continue;
    const { name, namespace } = metadata;
    const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
    await api
      .request("POST", `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, signal, eviction)
      .catch(unless("NotFound"));
  }
}

function unless(reason: string): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof KubernetesApiError) || error.reason !== reason) throw error;
  };
}
