/**
 * Which node is which machine's. Names and provider ids say it where the cloud, or this package, chose them. Mithril documents neither, so
 * that its machines are also known by whatever else only they have: their addresses and ids, in the node's addresses, names and labels. Pure.
 */
import type { NodeGroupMachine } from "../../provider/node-groups/driver";

/** What a node shows of itself. */
export interface NodeFacts {
  readonly name: string;
  /** Empty where the node has none. */
  readonly providerId: string;
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
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

export function matchNodes<N extends NodeFacts>(
  machines: readonly NodeGroupMachine[],
  nodes: readonly N[],
): Map<NodeGroupMachine, N> {
  const found = new Map<NodeGroupMachine, N>();
  const taken = new Set<N>();
  for (const way of ways) {
    const left = machines.filter((machine) => !found.has(machine));
    const owners = byText(left, way.machine);
    const free = nodes.filter((node) => !taken.has(node));
    const shown = byText(free, way.node);
    for (const [text, owner] of owners) {
      const node = shown.get(text);
      if (owner === undefined || node === undefined || found.has(owner) || taken.has(node)) continue;
      found.set(owner, node);
      taken.add(node);
    }
  }
  return found;
}

/** Undefined for what several have. */
function byText<T>(all: readonly T[], texts: Texts<T>): Map<string, T | undefined> {
  const found = new Map<string, T | undefined>();
  for (const one of all) {
    for (const text of new Set(texts(one))) {
      if (text !== "") found.set(text, found.has(text) ? undefined : one);
    }
  }
  return found;
}
