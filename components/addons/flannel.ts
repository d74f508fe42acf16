import { addOnNamespaces } from "./namespaces";
import { notAwaited } from "./add-on";
import type * as pulumi from "../../sdk/pulumi";
import { DaemonSet } from "@pulumi/kubernetes/apps/v1/daemonSet";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding";
import { flannel } from "../versions";

const namespace = addOnNamespaces.flannel;
const labels = { app: "flannel", tier: "node" };

/** flannel with its VXLAN back end: UDP 8472 between the nodes. */
export function flannelResources(
  name: string,
  podSubnet: string,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const space = new Namespace(
    `${name}-flannel`,
    { metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
    options,
  );
  const inside: pulumi.CustomResourceOptions = { ...options, dependsOn: [space] };
  const account = new ServiceAccount(`${name}-flannel-account`, { metadata: { name: "flannel", namespace } }, inside);
  const role = new ClusterRole(
    `${name}-flannel-role`,
    {
      metadata: { name: "flannel" },
      rules: [
        { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
        { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
        { apiGroups: [""], resources: ["nodes/status"], verbs: ["patch"] },
      ],
    },
    options,
  );
  const binding = new ClusterRoleBinding(
    `${name}-flannel-binding`,
    {
      metadata: { name: "flannel" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flannel" },
      subjects: [{ kind: "ServiceAccount", name: "flannel", namespace }],
    },
    { ...options, dependsOn: [role, account] },
  );
  const config = new ConfigMap(
    `${name}-flannel-config`,
    { metadata: { name: "kube-flannel-cfg", namespace, labels }, data: configFiles(podSubnet) },
    inside,
  );
  const daemons = new DaemonSet(
    `${name}-flannel-daemons`,
    { metadata: { name: "kube-flannel-ds", namespace, labels, annotations: notAwaited }, spec: daemonSpec() },
    { ...options, dependsOn: [config, binding] },
  );
  return [daemons];
}

function configFiles(podSubnet: string): Record<string, string> {
  return {
    "cni-conf.json": JSON.stringify({
      name: "cbr0",
      cniVersion: "1.0.0",
      plugins: [
        { type: "flannel", delegate: { hairpinMode: true, isDefaultGateway: true } },
        { type: "portmap", capabilities: { portMappings: true } },
      ],
    }),
    "net-conf.json": JSON.stringify({ Network: podSubnet, EnableNFTables: false, Backend: { Type: "vxlan" } }),
  };
}

function daemonSpec() {
  const configMounts = [
    { name: "cni", mountPath: "/etc/cni/net.d" },
    { name: "flannel-cfg", mountPath: "/etc/kube-flannel/" },
  ];
  const fieldRef = (fieldPath: string) => ({ fieldRef: { apiVersion: "v1", fieldPath } });
  return {
    selector: { matchLabels: { app: "flannel" } },
    template: {
      metadata: { labels },
      spec: {
        hostNetwork: true,
        priorityClassName: "system-node-critical",
        serviceAccountName: "flannel",
        nodeSelector: { "kubernetes.io/os": "linux" },
        // Users may set taints of every effect on their groups.
        tolerations: [{ operator: "Exists" }],
        initContainers: [
          {
            name: "install-cni-plugin",
            image: flannel.plugin,
            command: ["cp"],
            args: ["-f", "/flannel", "/opt/cni/bin/flannel"],
            volumeMounts: [{ name: "cni-plugin", mountPath: "/opt/cni/bin" }],
          },
          {
            name: "install-cni",
            image: flannel.daemon,
            command: ["cp"],
            args: ["-f", "/etc/kube-flannel/cni-conf.json", "/etc/cni/net.d/10-flannel.conflist"],
            volumeMounts: configMounts,
          },
        ],
        containers: [
          {
            name: "kube-flannel",
            image: flannel.daemon,
            command: ["/opt/bin/flanneld"],
            args: ["--ip-masq", "--kube-subnet-mgr"],
            resources: { requests: { cpu: "100m", memory: "50Mi" } },
            securityContext: { privileged: false, capabilities: { add: ["NET_ADMIN", "NET_RAW"] } },
            env: [
              { name: "POD_NAME", valueFrom: fieldRef("metadata.name") },
              { name: "POD_NAMESPACE", valueFrom: fieldRef("metadata.namespace") },
              { name: "EVENT_QUEUE_DEPTH", value: "5000" },
            ],
            volumeMounts: [
              { name: "run", mountPath: "/run/flannel" },
              { name: "flannel-cfg", mountPath: "/etc/kube-flannel/" },
              { name: "xtables-lock", mountPath: "/run/xtables.lock" },
            ],
          },
        ],
        volumes: [
          { name: "run", hostPath: { path: "/run/flannel" } },
          { name: "cni-plugin", hostPath: { path: "/opt/cni/bin" } },
          { name: "cni", hostPath: { path: "/etc/cni/net.d" } },
          { name: "flannel-cfg", configMap: { name: "kube-flannel-cfg" } },
          { name: "xtables-lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
        ],
      },
    },
  };
}
