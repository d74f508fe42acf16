import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding";
import { Role } from "@pulumi/kubernetes/rbac/v1/role";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding";
import type * as pulumi from "../../../sdk/pulumi";
import { localPathProvisioner } from "../../versions";
import { notAwaited, type AddOn } from "../add-on";
import { addOnNamespaces } from "../namespaces";
import { onNodeGroups } from "./place";
import { sharedClass } from "./storage-class";

const namespace = addOnNamespaces.fileShares;
const account = "local-path-provisioner";
const labels = { app: account };
const rbac = "rbac.authorization.k8s.io";

export interface FileShareOptions {
  /** Where every node has it: `/mnt/datasets`. */
  path: string;
  /** What gives it to the nodes. */
  ready: pulumi.Resource[];
  /** Only machines of node groups have it, and all of them may be kept for something else. */
  onGroups?: boolean;
}

/**
 * Volumes of a file share that every node has mounted, each a directory of it: Rancher's local-path-provisioner, which makes and deletes directories
 * in a pod of its own on any node, and the StorageClass.
 */
export function fileShareStorage({ path, ready, onGroups = false }: FileShareOptions): AddOn {
  const place = onGroups ? onNodeGroups : {};
  return ({ name }, options) => {
    const part = (suffix: string) => `${name}-shared-${suffix}`;
    const after = { ...options, dependsOn: [...([options.dependsOn ?? []].flat() as pulumi.Resource[]), ...ready] };
    const home = new Namespace(
      part("namespace"),
      // The pods that make directories mount the node's own path.
      { metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
      after,
    );
    const here = { ...after, dependsOn: [home] };
    const rights = provisionerRights(part, here);
    const configuration = new ConfigMap(
      part("configuration"),
      { metadata: { name: account, namespace }, data: configurationOf(path, place) },
      here,
    );
    const deployment = new Deployment(
      part("provisioner"),
      {
        // It runs when nodes do, and claims wait for it.
        metadata: { name: account, namespace, labels, annotations: notAwaited },
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels, annotations: { "gpu-clusters/path": path } },
            spec: { ...podSpec(), ...place },
          },
        },
      },
      { ...here, dependsOn: [...rights, configuration] },
    );
    const provisioner = "rancher.io/local-path";
    return [sharedClass(`${name}-shared`, { provisioner }, { ...here, dependsOn: [deployment] })];
  };
}

/** Reference: rancher/local-path-provisioner v0.0.37, deploy/local-path-storage.yaml and README, "Configuration". */
function configurationOf(path: string, place: object): Record<string, string> {
  const helper = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "helper-pod" },
    spec: { containers: [{ name: "helper-pod", image: localPathProvisioner.helper }], ...place },
  };
  return {
    "config.json": JSON.stringify({ nodePathMap: [], sharedFileSystemPath: path }),
    // Whoever a pod runs as may write, as in the other clouds.
    setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
    teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
    "helperPod.yaml": JSON.stringify(helper),
  };
}

function provisionerRights(part: (suffix: string) => string, options: pulumi.CustomResourceOptions): pulumi.Resource[] {
  const rule = (apiGroup: string, resources: string[], verbs: string[]) => ({
    apiGroups: [apiGroup],
    resources,
    verbs,
  });
  const look = ["get", "list", "watch"];
  const subjects = [{ kind: "ServiceAccount", name: account, namespace }];
  const metadata = { name: account, namespace };
  const clusterWide = { name: `gpu-clusters-${account}` };
  return [
    new ServiceAccount(part("account"), { metadata }, options),
    new Role(
      part("role"),
      { metadata, rules: [rule("", ["pods"], [...look, "create", "patch", "update", "delete"])] },
      options,
    ),
    new RoleBinding(
      part("binding"),
      { metadata, roleRef: { apiGroup: rbac, kind: "Role", name: account }, subjects },
      options,
    ),
    new ClusterRole(
      part("cluster-role"),
      {
        metadata: clusterWide,
        rules: [
          rule("", ["nodes", "persistentvolumeclaims", "configmaps", "pods", "pods/log"], look),
          rule("", ["persistentvolumes"], [...look, "create", "patch", "update", "delete"]),
          rule("", ["events"], ["create", "patch"]),
          rule("storage.k8s.io", ["storageclasses"], look),
        ],
      },
      options,
    ),
    new ClusterRoleBinding(
      part("cluster-binding"),
      { metadata: clusterWide, roleRef: { apiGroup: rbac, kind: "ClusterRole", name: clusterWide.name }, subjects },
      options,
    ),
  ];
}

function podSpec() {
  const probe = (path: string) => ({ httpGet: { path, port: "health" } });
  return {
    serviceAccountName: account,
    containers: [
      {
        name: "provisioner",
        image: localPathProvisioner.image,
        command: ["local-path-provisioner", "start", "--config", "/etc/config/config.json"],
        env: [
          { name: "POD_NAMESPACE", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } } },
          { name: "CONFIG_MOUNT_PATH", value: "/etc/config/" },
          { name: "HEALTH_PORT", value: "8080" },
        ],
        ports: [{ name: "health", containerPort: 8080 }],
        startupProbe: { ...probe("/health"), failureThreshold: 12, periodSeconds: 5 },
        livenessProbe: probe("/health"),
        readinessProbe: probe("/ready"),
        resources: { requests: { cpu: "10m", memory: "32Mi" } },
        volumeMounts: [{ name: "configuration", mountPath: "/etc/config/" }],
      },
    ],
    volumes: [{ name: "configuration", configMap: { name: account } }],
  };
}
