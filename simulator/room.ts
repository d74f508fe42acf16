/** Room for machines on this computer, which all clouds of the simulator share. */
import type { MachineKind } from "./machines/machine";

export interface Room {
  /** How many more machines there may be. */
  readonly free: number;
  /** What bounds it, for people. */
  readonly bound: string;
}

export const endlessRoom: Room = { free: Number.POSITIVE_INFINITY, bound: "" };

/** @param taken places of the machines that the clouds have, switched on or not */
export function roomOf(kind: MachineKind | undefined, taken: () => number): Room {
  const capacity = kind?.capacity?.();
  return capacity ? { free: capacity.most - taken(), bound: capacity.bound } : endlessRoom;
}
