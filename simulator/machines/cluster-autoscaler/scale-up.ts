/** Which group grows, and by how much, so that pods which wait find room. Pure. */
import { fits, minus, requestsOf, type Pod, type Resources, type Room } from "./scheduling";

export interface GrowingGroup {
  readonly id: string;
  /** How many nodes it may still get. */
  readonly most: number;
  /** A node that it would make. */
  readonly template: Room;
}

export interface ScaleUp {
  readonly id: string;
  readonly nodes: number;
  readonly pods: readonly Pod[];
  /** Part of the new nodes' processors and memory that nobody asked for, between 0 and 2. */
  readonly waste: number;
}

/** What each group could do for the pods: nothing that helps nobody. */
export function scaleUps(pods: readonly Pod[], groups: readonly GrowingGroup[]): ScaleUp[] {
  return groups.map((group) => packed(pods, group)).filter(({ nodes }) => nodes > 0);
}

function packed(pods: readonly Pod[], { id, most, template }: GrowingGroup): ScaleUp {
  const rooms: Room[] = [];
  const placed = pods.filter((pod) => {
    let room = rooms.find((each) => fits(pod, each));
    if (!room && rooms.length < most && fits(pod, template)) rooms.push((room = { ...template }));
    if (room) room.free = minus(room.free, requestsOf(pod));
    return room !== undefined;
  });
  const share = (resource: string) =>
    sum(
      rooms.map(({ free }) => free),
      resource,
    ) /
      (rooms.length * (template.free[resource] ?? 0)) || 0;
  return { id, nodes: rooms.length, pods: placed, waste: share("cpu") + share("memory") };
}

function sum(all: readonly Resources[], resource: string): number {
  return all.reduce((total, each) => total + (each[resource] ?? 0), 0);
}

/** By priority of a pattern that names the group, as the expander `priority` has it, then by what is left over. */
export function best(
  all: readonly ScaleUp[],
  priorities: Readonly<Record<string, readonly string[]>>,
): ScaleUp | undefined {
  const priority = ({ id }: ScaleUp) =>
    Math.max(
      -1,
      ...Object.entries(priorities)
        .filter(([, patterns]) => patterns.some((pattern) => new RegExp(pattern).test(id)))
        .map(([number]) => Number(number)),
    );
  return [...all].sort((a, b) => priority(b) - priority(a) || a.waste - b.waste)[0];
}
