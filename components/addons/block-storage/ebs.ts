import { DaemonSet } from "@pulumi/kubernetes/apps/v1/daemonSet";
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding";
import { Role } from "@pulumi/kubernetes/rbac/v1/role";
import { RoleBinding } from "@pulumi/kubernetes/rbac/v1/roleBinding";
import { CSIDriver } from "@pulumi/kubernetes/storage/v1/csidriver";
import { StorageClass } from "@pulumi/kubernetes/storage/v1/storageClass";
import { VolumesLeft } from "../../../sdk/kubernetes/volumes-left";
import * as pulumi from "../../../sdk/pulumi";
import { notAwaited, type AddOn } from "../add-on";
import { controllerLabels, controllerPod, driverName, nodeLabels, nodePod } from "./ebs-pods";
import { ebsClass } from "./place";

const namespace = "kube-system";
const accounts = { controller: "ebs-csi-controller", node: "ebs-csi-node" } as const;
const rbac = "rbac.authorization.k8s.io";

export interface EbsOptions {
  region: pulumi.Input<string>;
  /** What volumes carry, the cluster's own mark among them: the driver may change and delete no others. */
  tags: pulumi.Input<Record<string, string>>;
  clusterName: string;
}

/**
 * AWS's driver for EBS, and the class `gp3`, which claims get that name none. A volume is made in the zone of the first node that needs it.
 *
 * These are manifests of ours, and not the publisher's chart: the driver asks the metadata service for its machine's role, which answers one hop
 * far, and the chart's controller has no way to the machine's own network. The controller is on the control plane, so that nodes may do nothing
 * with volumes by their role; of the machines it is the last that goes, so that the volumes of claims that are deleted with a cluster go too.
 */
export function ebsStorage({ region, tags, clusterName }: EbsOptions): AddOn {
  return ({ name, kubeconfig, own }, options) => {
    const part = (suffix: string) => `${name}-ebs-${suffix}`;
    const rights = driverRights(part, options);
    const after = { ...options, dependsOn: [...([options.dependsOn ?? []].flat() as pulumi.Resource[]), ...rights] };
    const workload = (app: string, labels: Record<string, string>) => ({
      metadata: { name: app, namespace, labels, annotations: notAwaited },
      selector: { matchLabels: labels },
    });
    const { metadata, selector } = workload(accounts.controller, controllerLabels);
    const controller = new Deployment(
      part("controller"),
      {
        metadata,
        spec: {
          replicas: 1,
          // Its ports are the machine's own.
          strategy: { type: "Recreate" },
          selector,
          template: {
            metadata: { labels: controllerLabels },
            spec: controllerPod({ account: accounts.controller, region, tags: pulumi.output(tags).apply(tagsInWords) }),
          },
        },
      },
      after,
    );
    const onNodes = workload(accounts.node, nodeLabels);
    const nodes = new DaemonSet(
      part("nodes"),
      {
        metadata: onNodes.metadata,
        spec: {
          selector: onNodes.selector,
          template: { metadata: { labels: nodeLabels }, spec: nodePod(accounts.node) },
        },
      },
      after,
    );
    const storageClass = new StorageClass(
      part("gp3"),
      {
        metadata: { name: ebsClass, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
        provisioner: driverName,
        parameters: { type: "gp3", encrypted: "true", "csi.storage.k8s.io/fstype": "ext4" },
        // A volume is in one zone, and so is a pod.
        volumeBindingMode: "WaitForFirstConsumer",
        allowVolumeExpansion: true,
        reclaimPolicy: "Delete",
      },
      // A class cannot be changed, and its name is what claims have.
      { ...after, dependsOn: [controller, nodes], deleteBeforeReplace: true },
    );
    // Gone before the driver is, and after the nodes: what is then still claimed stays in the account. What goes along with its cluster is not
    // asked to go, and this one has something to say.
    const left = new VolumesLeft(
      part("volumes"),
      {
        kubeconfig,
        clusterName,
        driver: driverName,
        hint: pulumi.interpolate`aws ec2 delete-volume --region ${region} --volume-id <id>`,
      },
      { ...own, dependsOn: [storageClass] },
    );
    return [left];
  };
}

/** As the driver's flag takes them, without those that it refuses or that its list cannot have. */
function tagsInWords(tags: Record<string, string>): string {
  return Object.entries(tags)
    .filter(([key]) => !/=|^(kubernetes\.io|ebs\.csi\.aws\.com\/|CSIVolume)/.test(key))
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** Nodes need none: they ask the machine, and mount. Reference: kubernetes-sigs/aws-ebs-csi-driver 1.64, the chart's cluster roles. */
function driverRights(part: (suffix: string) => string, options: pulumi.CustomResourceOptions): pulumi.Resource[] {
  const rule = (apiGroup: string, resources: string[], verbs: string[]) => ({
    apiGroups: [apiGroup],
    resources,
    verbs,
  });
  const look = ["get", "list", "watch"];
  const account = accounts.controller;
  const subjects = [{ kind: "ServiceAccount", name: account, namespace }];
  const clusterWide = { name: `gpu-clusters-${account}` };
  const metadata = { name: account, namespace };
  return [
    new CSIDriver(
      part("driver"),
      {
        metadata: { name: driverName },
        spec: { attachRequired: true, podInfoOnMount: false, fsGroupPolicy: "File" },
      },
      options,
    ),
    ...Object.values(accounts).map(
      (each) =>
        new ServiceAccount(
          part(each),
          { metadata: { name: each, namespace }, automountServiceAccountToken: false },
          options,
        ),
    ),
    new ClusterRole(
      part("cluster-role"),
      {
        metadata: clusterWide,
        rules: [
          rule("", ["nodes", "pods"], look),
          rule("", ["persistentvolumes"], [...look, "create", "patch", "delete"]),
          rule("", ["persistentvolumeclaims"], [...look, "update"]),
          rule("", ["persistentvolumeclaims/status"], ["patch"]),
          rule("", ["events"], ["list", "watch", "create", "update", "patch"]),
          rule("storage.k8s.io", ["csinodes", "storageclasses", "volumeattributesclasses"], look),
          rule("storage.k8s.io", ["volumeattachments"], [...look, "patch"]),
          rule("storage.k8s.io", ["volumeattachments/status"], ["patch"]),
        ],
      },
      options,
    ),
    new ClusterRoleBinding(
      part("cluster-binding"),
      { metadata: clusterWide, roleRef: { apiGroup: rbac, kind: "ClusterRole", name: clusterWide.name }, subjects },
      options,
    ),
    new Role(
      part("role"),
      { metadata, rules: [rule("coordination.k8s.io", ["leases"], [...look, "create", "update", "delete"])] },
      options,
    ),
    new RoleBinding(
      part("binding"),
      { metadata, roleRef: { apiGroup: rbac, kind: "Role", name: account }, subjects },
      options,
    ),
  ];
}
