/** Moves of a bid's instances to other hosts, as long as somebody asks for it: they are drained here, and start again there. */
import type { World } from "./model";

export function relocate({ state, now, delays, conditions }: World): void {
  const moving = conditions.relocating ?? [];
  for (const instance of Object.values(state.instances)) {
    const bid = instance.bid === undefined ? undefined : state.bids[instance.bid];
    const moves = bid?.status === "Allocated" && moving.includes(bid.name);
    if (moves && instance.status === "STATUS_RUNNING") {
      instance.status = "STATUS_RELOCATING";
    } else if (!moves && instance.status === "STATUS_RELOCATING") {
      instance.status = "STATUS_STARTING";
      instance.next = { at: now + delays.instanceStarting, status: "STATUS_RUNNING" };
      instance.boots += 1;
    }
  }
}
