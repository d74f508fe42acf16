/** What a cluster without a cloud controller manager does not do by itself: give nodes their provider id, and take away those that are gone. */
import { KubernetesApiError, type KubernetesApi } from "../../provider/kubernetes/api";
import type { NodeGroupMachine } from "../../provider/node-groups/driver";
import type { Group } from "../group/group";
import { isLeftBehind, matchNodes } from "./matching";
import type { ClusterNode, ClusterNodes } from "./nodes";

export interface NodeCareOptions {
  readonly api: KubernetesApi;
  readonly nodes: ClusterNodes;
  readonly groups: readonly Group[];
  /** Labels that nodes of the group must have, also where their cloud gives nodes none. */
  readonly labelsOf: (group: Group) => Readonly<Record<string, string>>;
  /** How long a node may be without a machine. Milliseconds. */
  readonly graceMs: number;
  readonly now: () => number;
  removed(group: Group, node: ClusterNode): void;
}

export class NodeCare {
  /** By name: since when a node has had no machine. */
  private readonly orphanedSince = new Map<string, number>();
  /** Names of machines that were there, by group: some clouds give their nodes no labels. */
  private readonly members = new Map<Group, Set<string>>();
  /** By name of a node that is there: id of the machine that it was last known to be. */
  private owners: ReadonlyMap<string, string> = new Map();

  constructor(private readonly options: NodeCareOptions) {}

  /** Whether a machine has no node yet that is to get labels here. */
  get awaitsNodes(): boolean {
    return this.options.groups.some(
      (group) =>
        group.isKnown &&
        Object.keys(this.options.labelsOf(group)).length > 0 &&
        group.everyMachine.some((machine) => group.nodeOf(machine) === undefined),
    );
  }

  /** After the nodes have been read. A node that the API server, or a webhook of it, does not let change keeps no other from its care. */
  async attend(signal: AbortSignal): Promise<void> {
    const { nodes, groups } = this.options;
    const failures: unknown[] = [];
    const attempt = (work: Promise<void>) => work.catch((error: unknown) => void failures.push(error));
    const orphans = new Set<string>();
    const known = groups.filter(({ isKnown }) => isKnown);
    const workers = [...nodes.all.values()].filter(({ isControlPlane }) => !isControlPlane);
    const matches = matchNodes(
      known.flatMap(({ everyMachine }) => everyMachine),
      workers,
      (name) => this.owners.get(name),
    );
    this.keepOwners(matches);
    const owned = new Set(matches.values());
    const strangers = workers.filter((node) => node.group === undefined && !owned.has(node));
    // Before the first request: whoever else acts by the nodes need not wait for what the API server says.
    for (const group of known) group.sawNodes({ ofMachine: (machine) => matches.get(machine), strangers });
    for (const group of known) {
      for (const machine of group.everyMachine) await attempt(this.nameMachine(group, machine, signal));
      for (const node of this.orphansOf(group)) {
        orphans.add(node.name);
        await attempt(this.bury(group, node, signal));
      }
    }
    for (const name of this.orphanedSince.keys()) if (!orphans.has(name)) this.orphanedSince.delete(name);
    if (failures.length > 0) throw failures[0];
  }

  /** cluster-autoscaler knows a machine's node by its provider id only, and takes a machine without a node for broken. */
  private async nameMachine(group: Group, machine: NodeGroupMachine, signal: AbortSignal): Promise<void> {
    const { api, nodes, labelsOf } = this.options;
    const node = nodes.all.get(group.nodeOf(machine)?.name ?? "");
    if (!node) return;
    const labels = Object.entries(labelsOf(group)).filter(([key]) => !(key in node.labels));
    const isNamed = node.providerId !== "" || machine.providerId === "";
    if (isNamed && labels.length === 0) return;
    const patch = {
      ...(labels.length > 0 && { metadata: { labels: Object.fromEntries(labels) } }),
      ...(!isNamed && { spec: { providerID: machine.providerId } }),
    };
    await api.patch({ apiVersion: "v1", kind: "Node", name: node.name }, patch, signal);
  }

  private orphansOf(group: Group): ClusterNode[] {
    const { nodes } = this.options;
    const members = this.members.get(group) ?? new Set();
    this.members.set(group, members);
    for (const machine of group.everyMachine) members.add(group.nodeOf(machine)?.name ?? machine.nodeName);
    for (const name of members) if (!nodes.all.has(name) && !group.find({ providerId: "", name })) members.delete(name);
    const named = [...members].map((name) => nodes.all.get(name)).filter((node) => node !== undefined);
    const candidates = new Set([...(nodes.byGroup().get(group.id) ?? []), ...named]);
    return [...candidates].filter((node) => {
      const machine = group.find(node);
      return machine === undefined || (this.owners.get(node.name) !== machine.id && isLeftBehind(node, machine));
    });
  }

  private keepOwners(matches: ReadonlyMap<NodeGroupMachine, ClusterNode>): void {
    const { all } = this.options.nodes;
    const kept = [...this.owners].filter(([name]) => all.has(name));
    this.owners = new Map([...kept, ...[...matches].map(([{ id }, { name }]) => [name, id] as const)]);
  }

  /** A node that still reports is no dead machine's, whatever the cloud's list says. */
  private async bury(group: Group, node: ClusterNode, signal: AbortSignal): Promise<void> {
    const { api, graceMs, now, removed } = this.options;
    const since = this.orphanedSince.get(node.name) ?? now();
    this.orphanedSince.set(node.name, since);
    if (node.isReady || now() - since < graceMs) return;
    try {
      await api.delete({ apiVersion: "v1", kind: "Node", name: node.name }, { uid: node.uid }, signal);
    } catch (error) {
      // Since the nodes were read another machine has joined under its name.
      if (error instanceof KubernetesApiError && error.statusCode === 409) return;
      throw error;
    }
    removed(group, node);
  }
}
