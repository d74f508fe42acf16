/** Which of a group's machines have become nodes, as far as the cluster's nodes were seen, and which will not any more. */
import type { NodeGroupMachine } from "../../provider/node-groups/driver";
import type { JoinedNode, SeenNodes } from "./instances";
import { Refusal } from "./refusal";

export class Joining {
  /** By machine's id. */
  private registered: ReadonlyMap<string, JoinedNode> = new Map();
  private strangers: readonly JoinedNode[] | undefined;
  /** By id: since when a machine runs that has no node. */
  private runsSince: ReadonlyMap<string, number> = new Map();
  private now = -Infinity;

  /** @param joinMs how long a machine that runs may take to become a node */
  constructor(private readonly joinMs: number) {}

  sawMachines(machines: readonly NodeGroupMachine[], now: number): void {
    this.now = now;
    const waiting = machines.filter((machine) => machine.state === "running" && !this.nodeOf(machine));
    this.runsSince = new Map(waiting.map(({ id }) => [id, this.runsSince.get(id) ?? now]));
  }

  sawNodes(machines: readonly NodeGroupMachine[], { ofMachine, strangers }: SeenNodes): void {
    const joined = machines.map((machine) => [machine.id, ofMachine(machine)] as const);
    this.registered = new Map(joined.filter((pair): pair is [string, JoinedNode] => pair[1] !== undefined));
    this.strangers = strangers;
  }

  nodeOf({ id }: NodeGroupMachine): JoinedNode | undefined {
    return this.registered.get(id);
  }

  /** It has run for so long without a node that another in its place is better: what holds it up costs as much as a machine that works. */
  isOverdue({ id }: NodeGroupMachine): boolean {
    const since = this.runsSince.get(id);
    return this.strangers !== undefined && since !== undefined && this.now - since >= this.joinMs;
  }

  /** Throws where the machine is a node, or may be one. */
  refuseJoined(machine: NodeGroupMachine): void {
    const node = this.nodeOf(machine);
    if (node) throw new Refusal("notPossible", `${machine.id} has joined: it is node ${node.name}`);
    if (machine.alsoKnownAs === undefined) return;
    const maybe = this.strangers?.filter(({ createdAt }) => !isBefore(createdAt, machine.createdAt));
    if (maybe?.length === 0) return;
    const which = maybe ? `it may be one of ${maybe.map(({ name }) => name).join(", ")}` : "no node has been seen yet";
    throw new Refusal("notPossible", `whether ${machine.id} (${machine.nodeName}) has joined is not known: ${which}`);
  }
}

/** False where one of them is not known. */
function isBefore(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && Date.parse(a) < Date.parse(b);
}
