import { CustomResourceDefinition } from "@pulumi/kubernetes/apiextensions/v1/customResourceDefinition";
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding";
import { Role } from "@pulumi/kubernetes/rbac/v1/role";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding";
import { notAwaited } from "../add-on";
import type * as pulumi from "../../../sdk/pulumi";
import { nodeFeatureDiscovery } from "../../versions";
import { onControlGroups } from "../in-cluster";
import type { GpuGroup } from "./groups";
import { namespace } from "./place";
import { alsoOnControlPlane, tolerationsOf } from "./scheduling";

const group = "nfd.k8s-sigs.io";
const masterLabels = { app: "nfd-master" };
const rbac = "rbac.authorization.k8s.io";

/** Of the pods that tell nodes' features. */
export const featureAccount = "gpu-feature-discovery";
const masterAccount = "nfd-master";

/**
 * The part of Node Feature Discovery that makes labels of what GPU feature discovery finds: nodes may not label themselves with what they like,
 * and the daemons on them need no right to change nodes.
 */
export function nodeFeatures(
  name: string,
  groups: readonly GpuGroup[],
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const part = (suffix: string) => `${name}-${suffix}`;
  const definitions = [
    definition(part("node-features"), { plural: "nodefeatures", kind: "NodeFeature", scope: "Namespaced" }, options),
    // The master watches them too, and does not begin without.
    definition(
      part("node-feature-rules"),
      { plural: "nodefeaturerules", kind: "NodeFeatureRule", scope: "Cluster" },
      options,
    ),
  ];
  const accounts = [featureAccount, masterAccount].map(
    (account) => new ServiceAccount(part(account), { metadata: { name: account, namespace } }, options),
  );
  const subjects = (account: string) => [{ kind: "ServiceAccount", name: account, namespace }];
  const rule = (apiGroup: string, resources: string[], verbs: string[]) => ({
    apiGroups: [apiGroup],
    resources,
    verbs,
  });
  const rights = [
    new Role(
      part("feature-role"),
      {
        metadata: { name: featureAccount, namespace },
        // Its own pod owns what it writes, so that it goes with the node.
        rules: [rule(group, ["nodefeatures"], ["get", "create", "update"]), rule("", ["pods"], ["get"])],
      },
      options,
    ),
    new RoleBinding(
      part("feature-binding"),
      {
        metadata: { name: featureAccount, namespace },
        roleRef: { apiGroup: rbac, kind: "Role", name: featureAccount },
        subjects: subjects(featureAccount),
      },
      options,
    ),
    new ClusterRole(
      part("master-role"),
      {
        metadata: { name: masterAccount },
        rules: [
          rule("", ["nodes", "nodes/status"], ["get", "list", "patch", "update"]),
          rule("", ["namespaces"], ["list", "watch"]),
          rule(group, ["nodefeatures", "nodefeaturerules"], ["get", "list", "watch"]),
        ],
      },
      options,
    ),
    new ClusterRoleBinding(
      part("master-binding"),
      {
        metadata: { name: masterAccount },
        roleRef: { apiGroup: rbac, kind: "ClusterRole", name: masterAccount },
        subjects: subjects(masterAccount),
      },
      options,
    ),
  ];
  const before = [...definitions, ...accounts, ...rights];
  const master = new Deployment(
    part("master"),
    {
      // It runs when nodes do, which nobody need wait for here.
      metadata: {
        name: masterAccount,
        namespace,
        labels: masterLabels,
        annotations: notAwaited,
      },
      spec: {
        replicas: 1,
        selector: { matchLabels: masterLabels },
        template: { metadata: { labels: masterLabels }, spec: masterPod(groups) },
      },
    },
    { ...options, dependsOn: [...([options.dependsOn ?? []].flat() as pulumi.Resource[]), ...before] },
  );
  return [...before, master];
}

interface Definition {
  plural: string;
  kind: string;
  scope: "Cluster" | "Namespaced";
}

/** Reference: Node Feature Discovery, "Custom resources". What it says in them is its own business. */
function definition(name: string, { plural, kind, scope }: Definition, options: pulumi.CustomResourceOptions) {
  const spec = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return new CustomResourceDefinition(
    name,
    {
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope,
        names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
        versions: [
          {
            name: "v1alpha1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object", properties: { spec }, required: ["spec"] } },
          },
        ],
      },
    },
    options,
  );
}

function masterPod(groups: readonly GpuGroup[]) {
  const probe = { httpGet: { path: "/healthz", port: "http" } };
  return {
    serviceAccountName: masterAccount,
    enableServiceLinks: false,
    // It has a place in clusters whose every worker is kept for GPUs.
    tolerations: tolerationsOf(groups).apply((own) => alsoOnControlPlane([onControlGroups, ...own])),
    securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "master",
        image: nodeFeatureDiscovery,
        command: ["nfd-master"],
        // Who has one node, and so its daemon's account, may say of every other what GPUs it has, and nothing that workloads are kept apart by.
        args: ["-port=8080", "-deny-label-ns=*", "-extra-label-ns=nvidia.com"],
        env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "spec.nodeName" } } }],
        ports: [{ name: "http", containerPort: 8080 }],
        startupProbe: { ...probe, failureThreshold: 30 },
        livenessProbe: probe,
        readinessProbe: { ...probe, failureThreshold: 10 },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        resources: { requests: { cpu: "20m", memory: "64Mi" } },
      },
    ],
  };
}
