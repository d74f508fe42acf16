/** A node group's nodes, as the cluster's API server knows them. */
import { isDeepStrictEqual } from "node:util";
import type { NodeTaint } from "../node-groups/driver";
import { KubernetesApiError, type KubernetesApi, type KubernetesObject } from "../kubernetes/api";
import { tokenReference } from "../kubernetes/bootstrap-token";

export interface NodeMarks {
  labels: Readonly<Record<string, string>>;
  taints: readonly NodeTaint[];
}

/** What a node group's driver needs of the cluster. */
export interface GroupNodes {
  /** A token with which this new machine may join, valid for less than a day. */
  mintBootstrapToken(nodeName: string, signal: AbortSignal): Promise<string>;
  /** By its id: nobody joins with it any more. No such token is success. */
  revokeToken(id: string, signal: AbortSignal): Promise<void>;
  /** No new pods. No such node is success. */
  cordon(nodeName: string, signal: AbortSignal): Promise<void>;
  /** Deletes the Node object. No such node is success. */
  remove(nodeName: string, signal: AbortSignal): Promise<void>;
}

export function groupNodes(api: KubernetesApi, mintBootstrapToken: GroupNodes["mintBootstrapToken"]): GroupNodes {
  return {
    mintBootstrapToken,
    revokeToken: (id, signal) => api.delete(tokenReference(id), {}, signal),
    cordon: async (name, signal) => {
      try {
        await api.patch(node(name), { spec: { unschedulable: true } }, signal);
      } catch (error) {
        if (!(error instanceof KubernetesApiError && error.statusCode === 404)) throw error;
      }
    },
    remove: (name, signal) => api.delete(node(name), {}, signal),
  };
}

/**
 * Brings labels and taints of existing nodes from `before` to `after`; what others have set stays. Returns the names of nodes that are
 * not there: they come with what their start script says.
 */
export async function remarkNodes(
  api: KubernetesApi,
  { nodeNames, before, after }: { nodeNames: readonly string[]; before: NodeMarks; after: NodeMarks },
  signal: AbortSignal,
): Promise<string[]> {
  const all = await api.list({ apiVersion: "v1", kind: "Node" }, signal);
  const byName = new Map(all.map((object) => [object.metadata.name, object]));
  for (const name of nodeNames) {
    const found = byName.get(name);
    if (found) await remark(api, found, before, after, signal);
  }
  return nodeNames.filter((name) => !byName.has(name));
}

const conflictRetries = 5;

async function remark(
  api: KubernetesApi,
  found: KubernetesObject,
  before: NodeMarks,
  after: NodeMarks,
  signal: AbortSignal,
): Promise<void> {
  let current: KubernetesObject | undefined = found;
  for (let attempt = 0; current !== undefined; attempt++) {
    const patch = markPatch(current, before, after);
    if (patch === undefined) {
      return;
    }
    try {
      await api.patch(node(found.metadata.name!), patch, signal);
      return;
    } catch (error) {
      // The node controller changes taints too: never overwrite what it has just set.
      if (!(error instanceof KubernetesApiError && error.statusCode === 409) || attempt >= conflictRetries) throw error;
      current = await api.read(node(found.metadata.name!), signal);
    }
  }
}

/** A merge patch, or undefined if nothing differs. Pure. */
export function markPatch(current: KubernetesObject, before: NodeMarks, after: NodeMarks): object | undefined {
  const labels: Record<string, string | null> = {};
  for (const key of Object.keys(before.labels)) {
    if (!(key in after.labels) && current.metadata.labels?.[key] !== undefined) labels[key] = null;
  }
  for (const [key, value] of Object.entries(after.labels)) {
    if (current.metadata.labels?.[key] !== value) labels[key] = value;
  }
  const taints = (current.spec as { taints?: NodeTaint[] } | undefined)?.taints ?? [];
  const ours = [...before.taints, ...after.taints];
  const isOurs = (taint: NodeTaint) => ours.some(({ key, effect }) => key === taint.key && effect === taint.effect);
  const wanted = [...taints.filter((taint) => !isOurs(taint)), ...after.taints.map(plainTaint)];
  const sorted = (list: readonly NodeTaint[]) => list.map((taint) => JSON.stringify(plainTaint(taint))).sort();
  const retaint = !isDeepStrictEqual(sorted(taints), sorted(wanted));
  if (Object.keys(labels).length === 0 && !retaint) {
    return undefined;
  }
  const { resourceVersion } = current.metadata;
  return {
    metadata: { ...(resourceVersion && { resourceVersion }), labels },
    ...(retaint && { spec: { taints: wanted } }),
  };
}

function plainTaint({ key, value, effect, ...rest }: NodeTaint): NodeTaint {
  return { key, ...(value && { value }), effect, ...rest };
}

function node(name: string) {
  return { apiVersion: "v1", kind: "Node", name };
}
