/**
 * What `kubeadm init` puts into a new cluster so that machines can join it
 * (reference: Kubernetes documentation, "kubeadm implementation details", phases upload-config and bootstrap-token), and what of it is left
 * after `bootstrap/scripts/control-plane.sh`.
 */
import type { ControlPlaneDocument, NodeDocument } from "../../../bootstrap/document";

/** A collection to create an object in; existing ones are left as they are. */
export interface ClusterObject {
  readonly collection: string;
  readonly object: object;
}

const rbac = "/apis/rbac.authorization.k8s.io/v1";
const bootstrapGroup = "system:bootstrappers:kubeadm:default-node-token";

/** In the order of need: the administrators first, since they wait for it. */
export function clusterObjects(
  document: NodeDocument,
  controlPlane: ControlPlaneDocument,
  endpoint: string,
): ClusterObject[] {
  return [
    clusterRoleBinding("kubeadm:cluster-admins", "cluster-admin", group("kubeadm:cluster-admins")),
    clusterRoleBinding("kubeadm:kubelet-bootstrap", "system:node-bootstrapper", group(bootstrapGroup)),
    clusterRoleBinding(
      "kubeadm:node-autoapprove-certificate-rotation",
      "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
      group("system:nodes"),
    ),
    {
      collection: `${rbac}/clusterroles`,
      object: {
        metadata: { name: "kubeadm:get-nodes" },
        rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }],
      },
    },
    clusterRoleBinding("kubeadm:get-nodes", "kubeadm:get-nodes", group(bootstrapGroup)),
    ...readableConfigMap(
      "kube-public",
      "cluster-info",
      "kubeadm:bootstrap-signer-clusterinfo",
      [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "system:anonymous" }],
      { kubeconfig: discoveryKubeconfig(endpoint, document.certificateAuthority) },
    ),
    ...readableConfigMap(
      "kube-system",
      "kubeadm-config",
      "kubeadm:nodes-kubeadm-config",
      [group(bootstrapGroup), group("system:nodes")],
      { ClusterConfiguration: clusterConfiguration(document, controlPlane, endpoint) },
    ),
  ];
}

function group(name: string): object {
  return { kind: "Group", apiGroup: "rbac.authorization.k8s.io", name };
}

function clusterRoleBinding(name: string, role: string, subject: object): ClusterObject {
  return {
    collection: `${rbac}/clusterrolebindings`,
    object: {
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: [subject],
    },
  };
}

/** A ConfigMap and the right to read exactly it. */
function readableConfigMap(
  namespace: string,
  name: string,
  role: string,
  subjects: object[],
  data: Record<string, string>,
): ClusterObject[] {
  return [
    { collection: `/api/v1/namespaces/${namespace}/configmaps`, object: { metadata: { name }, data } },
    {
      collection: `${rbac}/namespaces/${namespace}/roles`,
      object: {
        metadata: { name: role },
        rules: [{ apiGroups: [""], resources: ["configmaps"], resourceNames: [name], verbs: ["get"] }],
      },
    },
    {
      collection: `${rbac}/namespaces/${namespace}/rolebindings`,
      object: {
        metadata: { name: role },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role },
        subjects,
      },
    },
  ];
}

/** JSON, which is YAML too. The bootstrap signer adds a signature for each token. */
function discoveryKubeconfig(endpoint: string, certificateAuthority: string): string {
  const cluster = {
    server: endpoint,
    "certificate-authority-data": Buffer.from(certificateAuthority).toString("base64"),
  };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "", cluster }],
    contexts: [],
    users: [],
  });
}

function clusterConfiguration(document: NodeDocument, controlPlane: ControlPlaneDocument, endpoint: string): string {
  return JSON.stringify({
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "ClusterConfiguration",
    clusterName: document.clusterName,
    kubernetesVersion: `v${document.kubernetesVersion}`,
    controlPlaneEndpoint: endpoint.replace("https://", ""),
    networking: {
      dnsDomain: "cluster.local",
      podSubnet: controlPlane.podSubnet,
      serviceSubnet: controlPlane.serviceSubnet,
    },
  });
}
