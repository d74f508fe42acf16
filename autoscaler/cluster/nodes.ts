/** The cluster's nodes, as far as groups are concerned, read every few seconds. */
import { setTimeout as delay } from "node:timers/promises";
import { clusterLabel } from "../../sdk/names";
import type { KubernetesApi } from "../../provider/kubernetes/api";
import { controlPlaneLabel, nodeGroupLabel, type NodeObject } from "../../provider/kubernetes/node-readiness";
import type { NodeFacts } from "./matching";

const clusterKey = "gpu-clusters/cluster";
/** What its cloud told the machine itself: it takes it back soon. The machine writes it there (`bootstrap/scripts/ec2.sh`). */
const noticeKey = "gpu-clusters/notice";
/** On nodes that the server cordoned because their machines were to go. */
export const cordonedKey = "gpu-clusters/cordoned";

export interface ClusterNode extends NodeFacts {
  readonly uid: string | undefined;
  /** The node group that its labels name. */
  readonly group: string | undefined;
  readonly isControlPlane: boolean;
  /** The machine's cloud takes it back soon, as the node says itself. */
  readonly notice: string | undefined;
  /** By the server, for such a notice. */
  readonly isCordoned: boolean;
}

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
}

export class ClusterNodes {
  /** By name. */
  private nodes: ReadonlyMap<string, ClusterNode> = new Map();
  private groups: ReadonlyMap<string, ClusterNode[]> = new Map();

  private readonly label: string;

  constructor(clusterName: string) {
    this.label = clusterLabel(clusterName);
  }

  get all(): ReadonlyMap<string, ClusterNode> {
    return this.nodes;
  }

  byGroup(): ReadonlyMap<string, readonly ClusterNode[]> {
    return this.groups;
  }

  /** The node group that labels name; undefined for control planes and nodes of another cluster. */
  groupOf({ labels }: Labelled): string | undefined {
    if (controlPlaneLabel in labels || (labels[clusterKey] ?? this.label) !== this.label) return undefined;
    return labels[nodeGroupLabel];
  }

  update(objects: readonly NodeObject[]): void {
    const nodes = objects.map((object) => this.read(object));
    this.nodes = new Map(nodes.map((node) => [node.name, node]));
    const groups = new Map<string, ClusterNode[]>();
    for (const node of nodes) {
      if (node.group === undefined) continue;
      const members = groups.get(node.group);
      if (members) members.push(node);
      else groups.set(node.group, [node]);
    }
    this.groups = groups;
  }

  private read(object: NodeObject): ClusterNode {
    const { name, uid, labels = {}, annotations = {} } = object.metadata;
    const { providerID = "" } = (object["spec"] ?? {}) as { providerID?: string };
    const ready = object.status?.conditions?.find(({ type }) => type === "Ready");
    const { addresses = [] } = (object.status ?? {}) as { addresses?: { address: string }[] };
    return {
      name: name!,
      uid,
      providerId: providerID,
      addresses: addresses.map(({ address }) => address),
      labels,
      group: this.groupOf({ labels }),
      isReady: ready?.status === "True",
      isControlPlane: controlPlaneLabel in labels,
      notice: annotations[noticeKey],
      isCordoned: cordonedKey in annotations,
      createdAt: object.metadata.creationTimestamp,
    };
  }
}

export interface NodeWatchOptions {
  readonly api: KubernetesApi;
  readonly intervalMs: number;
  /** Between two looks for nodes that have come since. Milliseconds. */
  readonly newcomersMs: number;
  readonly signal: AbortSignal;
  /** A label that awaited nodes come without; undefined while none is awaited. */
  awaited(): string | undefined;
  /** After each reading. */
  updated(): Promise<void>;
  failed(error: unknown): void;
}

/** Small pages: a page is parsed at one go, and answers wait for that. */
const pageSize = 100;

/** Keeps `nodes` up to date until the signal aborts. */
export async function followNodes(nodes: ClusterNodes, options: NodeWatchOptions): Promise<void> {
  const { api, signal, updated, failed } = options;
  while (!signal.aborted) {
    try {
      nodes.update((await api.list({ apiVersion: "v1", kind: "Node", limit: pageSize }, signal)) as NodeObject[]);
      await updated();
    } catch (error) {
      if (!signal.aborted) failed(error);
    }
    await rest(nodes, options);
  }
}

/**
 * Ends early when an awaited node has come. Where its cloud gives it no labels, it has to get its own before it is ready: cluster-autoscaler would
 * take it for one without GPUs, which helps no pod that waits for some, and ask for another machine.
 */
async function rest(
  nodes: ClusterNodes,
  { api, intervalMs, newcomersMs, signal, awaited }: NodeWatchOptions,
): Promise<void> {
  const until = performance.now() + intervalMs;
  for (let left = intervalMs; left > 0 && !signal.aborted; left = until - performance.now()) {
    await delay(Math.min(left, newcomersMs), undefined, { signal }).catch(() => undefined);
    const label = awaited();
    if (label === undefined || signal.aborted) continue;
    const query = { apiVersion: "v1", kind: "Node", labelSelector: `!${label}`, limit: pageSize };
    const without = await api.list(query, signal).catch(() => []);
    if (without.some(({ metadata }) => !nodes.all.has(metadata.name!))) return;
  }
}
