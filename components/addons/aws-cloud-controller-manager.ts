import { DaemonSet } from "@pulumi/kubernetes/apps/v1/daemonSet";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding";
import { notAwaited } from "./add-on";
import * as pulumi from "../../sdk/pulumi";
import { ofAllThere } from "../left-out";
import { awsCloudControllerManager } from "../versions";
import { controlPlaneNodes } from "./in-cluster";

const namespace = "kube-system";
const account = "cloud-controller-manager";
const labels = { "k8s-app": "aws-cloud-controller-manager" };

/**
 * It asks the API server of its own machine. The cluster's address for it leads nowhere before kube-proxy works, and kube-proxy waits for the
 * node's address, which is the controller's to tell. The machine's address is no way (`status.hostIP`), because kubelet does not know it before
 * either; its name is in the certificate that kubeadm makes (references: client-go's in-cluster configuration; kubeadm, "init phase certs").
 */
const ownApiServer = [
  { name: "KUBERNETES_SERVICE_HOST", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } } },
  { name: "KUBERNETES_SERVICE_PORT", value: "6443" },
];

export interface CloudControllerManagerOptions {
  /** What the API server runs, `v1.37.2`: each minor has a release of its own. */
  kubernetesVersion: pulumi.Input<string>;
}

/**
 * AWS's cloud controller manager: it makes load balancers for Services, tells nodes' zones and addresses, and deletes nodes whose instances are
 * gone. It runs on the control plane with the machine's role, and finds its cluster by the machine's tag `kubernetes.io/cluster/…`.
 *
 * Returns what the nodes' readiness waits for: nodes have no addresses until it runs.
 */
export function cloudControllerManagerResources(
  name: string,
  { kubernetesVersion }: CloudControllerManagerOptions,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const part = (suffix: string) => `${name}-cloud-controller-manager${suffix}`;
  const subjects = [{ kind: "ServiceAccount", name: account, namespace }];
  const role = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: `system:${account}` };
  const rights = [
    new ServiceAccount(part("-account"), { metadata: { name: account, namespace } }, options),
    new ClusterRole(part("-role"), { metadata: { name: role.name }, rules: rules() }, options),
    new ClusterRoleBinding(part("-binding"), { metadata: { name: role.name }, roleRef: role, subjects }, options),
    // Its own port asks the API server who may speak to it.
    new RoleBinding(
      part("-authentication"),
      {
        metadata: { name: `${account}:apiserver-authentication-reader`, namespace },
        roleRef: { ...role, kind: "Role", name: "extension-apiserver-authentication-reader" },
        subjects,
      },
      options,
    ),
  ];
  const image = ofAllThere([kubernetesVersion], imageFor);
  const daemons = new DaemonSet(
    part(""),
    {
      metadata: {
        name: labels["k8s-app"],
        namespace,
        labels,
        // It is there when the control plane's machines are nodes, which nobody need wait for here.
        annotations: notAwaited,
      },
      spec: daemonSpec(image),
    },
    { ...options, dependsOn: [...rights, ...([options.dependsOn ?? []].flat() as pulumi.Resource[])] },
  );
  return [daemons];
}

/** For minors that came after this release, the newest there was. */
function imageFor(kubernetesVersion: string): string {
  const minor = kubernetesVersion.replace(/^v/, "").split(".").slice(0, 2).join(".");
  const { image, tags } = awsCloudControllerManager;
  return `${image}:${tags[minor] ?? Object.values(tags).at(-1)}`;
}

/** Reference: kubernetes/cloud-provider-aws, examples/existing-cluster. */
function rules() {
  const rule = (apiGroup: string, resources: string[], verbs: string[]) => ({
    apiGroups: [apiGroup],
    resources,
    verbs,
  });
  return [
    rule("", ["events"], ["create", "patch", "update"]),
    rule("", ["nodes"], ["get", "list", "watch", "patch", "update", "delete"]),
    rule("", ["nodes/status"], ["patch", "update"]),
    rule("", ["services"], ["get", "list", "watch", "patch", "update"]),
    rule("", ["services/status"], ["patch", "update"]),
    rule("coordination.k8s.io", ["leases"], ["create", "get", "list", "watch", "update"]),
    // For whoever reads its metrics.
    rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
    rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
  ];
}

function daemonSpec(image: pulumi.Input<string>) {
  return {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        serviceAccountName: account,
        priorityClassName: "system-node-critical",
        nodeSelector: controlPlaneNodes,
        // Nodes are not ready, nor initialised, before it runs.
        tolerations: [{ operator: "Exists", effect: "NoSchedule" }],
        // Pods of their own network are too far away for the metadata service, whose answers take one hop.
        hostNetwork: true,
        containers: [
          {
            name: labels["k8s-app"],
            image,
            args: ["--v=2", "--cloud-provider=aws", "--configure-cloud-routes=false"],
            env: ownApiServer,
            resources: { requests: { cpu: "100m", memory: "64Mi" } },
          },
        ],
      },
    },
  };
}
