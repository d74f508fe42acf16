import type { Node, Pod } from "../../../../simulator/machines/cluster-autoscaler/scheduling";

export interface PodParts extends Partial<Pod["spec"]> {
  namespace?: string;
  annotations?: Record<string, string>;
  /** Kind of its controller. Default: a ReplicaSet. */
  owner?: string | undefined;
  requests?: Record<string, string>;
  waiting?: boolean;
}

export function podOf(name: string, parts: PodParts = {}): Pod {
  const { namespace = "default", annotations = {}, requests = {}, waiting = false, ...spec } = parts;
  const kind = "owner" in parts ? parts.owner : "ReplicaSet";
  const unscheduled = { type: "PodScheduled", status: "False", reason: "Unschedulable" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      annotations,
      uid: name,
      ...(kind !== undefined && { ownerReferences: [{ kind, controller: true }] }),
    },
    spec: { containers: [{ resources: { requests } }], ...spec },
    status: { phase: waiting ? "Pending" : "Running", conditions: waiting ? [unscheduled] : [] },
  };
}

export function nodeOf(name: string, allocatable: Record<string, string>): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    spec: {},
    status: { allocatable: { pods: "110", ...allocatable }, conditions: [{ type: "Ready", status: "True" }] },
  };
}
