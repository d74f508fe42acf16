/** What the autoscaler's pod may do in its cluster: its two processes share one account. */

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

const rule = (apiGroup: string, resources: string[], verbs: string[], resourceNames?: string[]): Rule => ({
  apiGroups: [apiGroup],
  resources,
  verbs,
  ...(resourceNames && { resourceNames }),
});
const read = ["get", "list", "watch"];

/** Reference: cluster-autoscaler's own manifests, without what only other clouds need. The last block is our server's. */
export const clusterRules: Rule[] = [
  rule("", ["namespaces", "pods", "services", "replicationcontrollers"], read),
  rule("", ["persistentvolumes", "persistentvolumeclaims"], read),
  rule("apps", ["daemonsets", "replicasets", "statefulsets"], read),
  rule("batch", ["jobs"], read),
  rule("policy", ["poddisruptionbudgets"], read),
  rule(
    "storage.k8s.io",
    ["storageclasses", "csinodes", "csidrivers", "csistoragecapacities", "volumeattachments"],
    read,
  ),
  rule("resource.k8s.io", ["resourceclaims", "resourceslices", "deviceclasses"], read),
  rule("", ["nodes"], [...read, "update"]),
  rule("", ["pods/eviction"], ["create"]),
  rule("", ["pods/status"], ["update"]),
  rule("", ["events"], ["create", "patch"]),

  rule("", ["nodes"], ["patch", "delete"]),
  rule("events.k8s.io", ["events"], ["create"]),
];

const statusMaps = ["cluster-autoscaler-status", "cluster-autoscaler-priority-expander"];

/**
 * In its own namespace. Bootstrap tokens are Secrets there, which can be made and deleted but not read.
 * @param mintsTokens whether its machines join by such: who may make one may become any node that is not there yet
 */
export function namespaceRules(mintsTokens: boolean): Rule[] {
  return [
    rule("", ["configmaps"], ["create", "list", "watch"]),
    rule("", ["configmaps"], ["get", "update", "delete"], statusMaps),
    rule("coordination.k8s.io", ["leases"], ["create"]),
    rule("coordination.k8s.io", ["leases"], ["get", "update"], ["cluster-autoscaler"]),

    ...(mintsTokens ? [rule("", ["secrets"], ["create", "delete"])] : []),
  ];
}
