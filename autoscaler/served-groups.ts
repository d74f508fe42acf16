/** The groups as cluster-autoscaler may ask for them, by name and by node. */
import { messageOf } from "../sdk/message";
import type { NodeGroupMachine, NodeTemplate } from "../provider/node-groups/driver";
import type { ClusterNodes } from "./cluster/nodes";
import { DepartedGroup } from "./group/departed";
import type { Bounds } from "./group/group";
import type { GroupInstance, NodeName } from "./group/instances";
import { groupOfPlaceholder } from "./group/placeholder";
import type { Reconciler } from "./group/reconciler";
import { Refusal } from "./group/refusal";

export interface ServedGroup extends Bounds {
  readonly id: string;
  readonly target: number;
  /** Undefined while it is not known. */
  readonly template: NodeTemplate | undefined;
  instances(): GroupInstance[];
  /** These throw `Refusal`. */
  increase(delta: number): void;
  decrease(delta: number): void;
  /** Returns the machines among them that go because they did not become nodes. */
  remove(names: readonly NodeName[]): NodeGroupMachine[];
}

export interface AskedNode extends NodeName {
  readonly labels: Readonly<Record<string, string>>;
}

export class ServedGroups {
  private readonly configured: ReadonlyMap<string, ReconciledGroup>;

  constructor(
    reconcilers: readonly Reconciler[],
    private readonly nodes: ClusterNodes,
  ) {
    this.configured = new Map(reconcilers.map((reconciler) => [reconciler.group.id, new ReconciledGroup(reconciler)]));
  }

  /** A group whose cloud has not answered yet is not there: nobody knows its size. */
  all(): ServedGroup[] {
    return [...[...this.configured.values()].filter(({ isKnown }) => isKnown), ...this.departed()];
  }

  /** Throws `Refusal` for a group that is not there. */
  get(id: string): ServedGroup {
    const configured = this.configured.get(id);
    if (configured) {
      if (configured.isKnown) return configured;
      throw new Refusal("unavailable", `the cloud of node group "${id}" has not answered yet`);
    }
    const found = this.departed().find((group) => group.id === id);
    if (found) return found;
    throw new Refusal("unknown", `there is no node group "${id}"`);
  }

  /** Undefined for nodes of no group: control planes, and machines that somebody else joined. */
  ofNode(node: AskedNode): ServedGroup | undefined {
    const known = [...this.configured.values()].filter(({ isKnown }) => isKnown);
    // Of the groups too the name leads, and not an id of another group's machine.
    const named = known.filter((group) => group.knows(node.name));
    const found = (named.length > 0 ? named : known).find((group) => group.has(node));
    if (found) return found;
    const name = groupOfPlaceholder(node.providerId) ?? this.nodes.groupOf(node);
    if (name === undefined) return undefined;
    return known.find(({ id }) => id === name) ?? this.departed().find(({ id }) => id === name);
  }

  /** Groups that left the configuration and still have nodes. */
  private departed(): DepartedGroup[] {
    return [...this.nodes.byGroup()]
      .filter(([id]) => !this.configured.has(id))
      .map(([id, nodes]) => new DepartedGroup(id, nodes));
  }
}

/** A group of the configuration: requests change what is in memory and wake who brings it to the cloud. */
class ReconciledGroup implements ServedGroup {
  constructor(private readonly reconciler: Reconciler) {}

  private get group() {
    return this.reconciler.group;
  }

  get id(): string {
    return this.group.id;
  }

  get isKnown(): boolean {
    return this.group.isKnown;
  }

  get minSize(): number {
    return this.group.minSize;
  }

  get maxSize(): number {
    return this.group.maxSize;
  }

  get target(): number {
    return this.group.target;
  }

  get template(): NodeTemplate | undefined {
    return this.reconciler.template;
  }

  knows(name: string): boolean {
    return this.group.knows(name);
  }

  has(node: NodeName): boolean {
    return this.group.find(node) !== undefined;
  }

  instances(): GroupInstance[] {
    return this.group.instances();
  }

  increase(delta: number): void {
    const { outage } = this.reconciler;
    if (outage !== undefined)
      throw new Refusal("unavailable", `the cloud of node group "${this.id}" does not answer: ${messageOf(outage)}`);
    this.group.increase(delta);
    this.reconciler.wake();
  }

  decrease(delta: number): void {
    this.group.decrease(delta);
    this.reconciler.wake();
  }

  remove(names: readonly NodeName[]): NodeGroupMachine[] {
    const withoutNodes = this.group.remove(names);
    this.reconciler.wake();
    return withoutNodes;
  }
}
