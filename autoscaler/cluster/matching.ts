/**
 * Which node is which machine's. Names and provider ids say it where the cloud, or this package, chose them. Mithril documents neither, so
 * that its machines are also known by whatever else only they have: their addresses and ids, in the node's addresses, names and labels. Names
 * and addresses are given again, so that a node may be what an earlier machine left. Pure.
 */
import type { NodeGroupMachine } from "../../provider/node-groups/driver";

/** What a node shows of itself. */
export interface NodeFacts {
  readonly name: string;
  /** Empty where the node has none. */
  readonly providerId: string;
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Its kubelet reports. */
  readonly isReady: boolean;
  /** RFC 3339; undefined where the API server does not tell. */
  readonly createdAt?: string | undefined;
}

type Texts<T> = (of: T) => readonly string[];

/** From the surest to what is only likely. A text that two machines or two nodes have says nothing. */
const ways: readonly { machine: Texts<NodeGroupMachine>; node: Texts<NodeFacts> }[] = [
  { machine: ({ nodeName }) => [nodeName], node: ({ name }) => [name] },
  { machine: ({ providerId }) => [providerId], node: ({ providerId }) => [providerId] },
  {
    machine: ({ nodeName, alsoKnownAs = [] }) => (alsoKnownAs.length > 0 ? [nodeName, ...alsoKnownAs] : []),
    node: ({ name, providerId, addresses, labels }) => [
      name,
      name.split(".")[0]!,
      ...addresses,
      ...Object.values(labels),
      providerId.split("/").at(-1)!,
    ],
  },
];

/** @param formerOwner the id of the machine whose node it was when it was last known, also of one that is gone */
export function matchNodes<N extends NodeFacts>(
  machines: readonly NodeGroupMachine[],
  nodes: readonly N[],
  formerOwner: (nodeName: string) => string | undefined = () => undefined,
): Map<NodeGroupMachine, N> {
  const found = new Map<NodeGroupMachine, N>();
  const taken = new Set<N>();
  const living = new Set(machines.map(({ id }) => id));
  const isGone = (owner: string | undefined) => owner !== undefined && !living.has(owner);
  for (const way of ways) {
    const left = machines.filter((machine) => !found.has(machine));
    const owners = byText(left, way.machine);
    const free = nodes.filter((node) => !taken.has(node));
    const shown = byText(
      // What is only likely is less than what was known.
      way === ways.at(-1) ? free.filter((node) => node.isReady || !isGone(formerOwner(node.name))) : free,
      way.node,
    );
    for (const [text, [owner, ...others]] of owners) {
      if (owner === undefined || others.length > 0 || found.has(owner)) continue;
      const [node, ...more] = (shown.get(text) ?? []).filter(
        (each) => formerOwner(each.name) === owner.id || !isLeftBehind(each, owner),
      );
      if (node === undefined || more.length > 0 || taken.has(node)) continue;
      found.set(owner, node);
      taken.add(node);
    }
  }
  return found;
}

/** Clocks of clouds and clusters differ, and no machine joins, goes and has a successor so soon. */
const toleranceMs = 300_000;

/**
 * Whether an earlier machine left the node, to go by the node alone: it reports no more, and is older than this one or has the id of another one of
 * the cloud. A node that reports is the machine's that has its name: its kubelet took over what was left, with the id that no node can change.
 */
export function isLeftBehind({ providerId, isReady, createdAt }: NodeFacts, machine: NodeGroupMachine): boolean {
  if (isReady) return false;
  if (isOthers(machine, providerId)) return true;
  // EC2 gives no id again, and tells the last start as a machine's beginning.
  if (providerId === machine.providerId && providerId.startsWith("aws://")) return false;
  if (createdAt === undefined || machine.createdAt === undefined) return false;
  return Date.parse(createdAt) + toleranceMs < Date.parse(machine.createdAt);
}

/** Whether a node with this provider id is another machine's, whatever its name. Not known where nobody documents what a cloud calls its nodes. */
export function isOthers({ alsoKnownAs, providerId: own }: NodeGroupMachine, providerId: string): boolean {
  const cloud = own.slice(0, own.indexOf("://") + 3);
  return alsoKnownAs === undefined && own !== "" && providerId.startsWith(cloud) && providerId !== own;
}

function byText<T>(all: readonly T[], texts: Texts<T>): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    for (const text of new Set(texts(one))) {
      if (text === "") continue;
      const sharing = found.get(text);
      if (sharing) sharing.push(one);
      else found.set(text, [one]);
    }
  }
  return found;
}
