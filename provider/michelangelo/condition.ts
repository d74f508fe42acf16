/** What Michelangelo says of a compute cluster, in a form of its own: not `status.conditions`, and not `True`. Pure. */
import type { KubernetesObject } from "../kubernetes/api";
import { conditionsOf, confirmedMs, describeConditions, judge } from "../kubernetes/object-conditions";

/** Put on each Cluster by Michelangelo's controller manager, which alone takes it away. */
export const finalizer = "clusters.michelangelo.uber.com/finalizer";
const conditionsAt = "status.statusConditions";
const isTrue = "CONDITION_STATUS_TRUE";
/** It writes every 30 s while it reaches a cluster, and nothing while it does not. */
const freshSeconds = 150;

export interface Health {
  ready: boolean;
  /** When it was last said, in Unix time; 0: never. */
  saidAtMs: number;
  /** All that is said, a line each. */
  said: string;
  /** Whether the controller manager has taken the Cluster up. */
  taken: boolean;
}

export function healthOf(cluster: KubernetesObject): Health {
  const found = conditionsOf(cluster, conditionsAt);
  const ready = found.find(({ type }) => type === "Ready");
  const finalizers = (cluster.metadata["finalizers"] ?? []) as string[];
  return {
    ready: ready?.status === isTrue,
    saidAtMs: (ready && confirmedMs(ready)) ?? 0,
    said: found.length === 0 ? "" : describeConditions(cluster, conditionsAt),
    taken: finalizers.includes(finalizer),
  };
}

/** `ready`, or why it is not, long after it was registered. */
export function statusOf(cluster: KubernetesObject, nowMs: number): string {
  const expected = { conditions: [{ type: "Ready", status: isTrue }], conditionsAt, freshSeconds, fields: {} };
  const { missing } = judge(cluster, expected, nowMs);
  return missing.length === 0 ? "ready" : missing.join("; ");
}
