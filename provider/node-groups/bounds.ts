/** A group's size and its bounds. */
import { counted } from "../../sdk/counted";
import type { ResourceLog } from "../server/resource";
import type { NodeGroupDriver, NodeGroupMachine } from "./driver";

export interface Bounds {
  readonly minSize: number;
  readonly maxSize: number;
}

export function clampSize(size: number, { minSize, maxSize }: Bounds): number {
  return Math.min(Math.max(size, minSize), maxSize);
}

/** Makes what is missing of the minimum, and removes the newest machines beyond the maximum. */
export async function bringIntoBounds(
  driver: NodeGroupDriver,
  bounds: Bounds,
  log: Pick<ResourceLog, "info">,
  signal: AbortSignal,
): Promise<void> {
  const { size, machines } = await driver.describe(signal);
  const wanted = clampSize(size, bounds);
  if (wanted === size && machines.filter(isLive).length <= bounds.maxSize) return;
  await driver.resize(wanted, signal);
  if (wanted > size) return;
  // What was still to come is given up by now.
  const left = await driver.describe(signal);
  const surplus = newest(left.machines, Math.max(left.size, left.machines.filter(isLive).length) - bounds.maxSize);
  if (surplus.length === 0) return;
  log.info(`removing ${surplus.join(", ")}: the group may have at most ${counted(bounds.maxSize, "machine")}`);
  await driver.remove(surplus, signal);
}

/** Ids of the newest machines, at most `count`; those that were bought together go together or not at all. */
export function newest(machines: readonly NodeGroupMachine[], count: number): string[] {
  const bundles = new Map<string, NodeGroupMachine[]>();
  for (const machine of machines) {
    const key = machine.bundle ?? machine.id;
    bundles.set(key, [...(bundles.get(key) ?? []), machine]);
  }
  const ids: string[] = [];
  for (const bundle of [...bundles.values()].filter((each) => each.some(isLive)).reverse()) {
    if (ids.length + bundle.length <= count) ids.push(...bundle.map(({ id }) => id));
  }
  return ids;
}

/** Whether it counts for the group's size. */
export function isLive({ state }: NodeGroupMachine): boolean {
  return state === "creating" || state === "running";
}
