/** Tells those whose pods wait why their node group does not grow. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import type { NodeGroupProblem, NodeTemplate } from "../../provider/node-groups/driver";

const component = "gpu-clusters-autoscaler";
/** A stock-out concerns all pods of a group alike: those that wait longest are told. */
const mostPods = 10;
const mostCharacters = 1000;

export interface StockOut {
  readonly group: string;
  readonly template: NodeTemplate | undefined;
  readonly problem: NodeGroupProblem;
}

/** An Event at pods that wait for a node of the group. */
export async function tellStockOut(api: KubernetesApi, stockOut: StockOut, signal: AbortSignal): Promise<void> {
  const query = { apiVersion: "v1", kind: "Pod", fieldSelector: "status.phase=Pending,spec.nodeName=", limit: 100 };
  const pods = (await api.list(query, signal)).filter((pod) => couldRunOn(pod, stockOut.template));
  const oldest = pods.sort((a, b) => ageOf(a).localeCompare(ageOf(b))).slice(0, mostPods);
  for (const pod of oldest) await api.create(eventAt(pod, stockOut), signal);
}

/** By its node selector alone: what else a pod asks of a node is the scheduler's to say. */
function couldRunOn({ spec }: KubernetesObject, template: NodeTemplate | undefined): boolean {
  const { nodeSelector = {} } = (spec ?? {}) as { nodeSelector?: Record<string, string> };
  const labels = template?.labels ?? {};
  return Object.entries(nodeSelector).every(([key, value]) => labels[key] === value);
}

function ageOf({ metadata }: KubernetesObject): string {
  return metadata.creationTimestamp ?? "";
}

/** Reference: Kubernetes API, events.k8s.io/v1. */
function eventAt({ metadata }: KubernetesObject, { group, problem }: StockOut): KubernetesObject {
  const note = `node group ${group} does not grow: ${problem.message}`;
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace: metadata.namespace!, name: `${metadata.name}.${randomBytes(8).toString("hex")}` },
    type: "Warning",
    reason: problem.kind === "capacity" ? "NodeGroupOutOfCapacity" : "NodeGroupNotGrowing",
    action: "ScaleUp",
    note: note.length > mostCharacters ? `${note.slice(0, mostCharacters - 1)}…` : note,
    eventTime: new Date().toISOString().replace("Z", "000Z"),
    reportingController: component,
    reportingInstance: hostname(),
    regarding: {
      apiVersion: "v1",
      kind: "Pod",
      namespace: metadata.namespace,
      name: metadata.name,
      uid: metadata.uid,
    },
  };
}
