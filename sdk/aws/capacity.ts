/** How the machines of a group are bought. */
import type * as pulumi from "../pulumi";
import type { AllocationStrategy, CapacityType, OnDemandStrategy } from "./allocation";

/** Machines that AWS sells as long as it has some, and does not take back. */
export interface OnDemandCapacityArgs {
  /**
   * Which types and zones are taken first; `prioritized` is the order of `instanceTypes`.
   * Default: `lowest-price`. Another one replaces the group.
   */
  allocationStrategy?: pulumi.Input<OnDemandStrategy>;
}

/** Machines that cost less and can be taken back by AWS at any time. */
export interface SpotCapacityArgs {
  /**
   * Which types and zones are taken first; `prioritized` is the order of `instanceTypes`.
   * Default: `lowest-price`. Another one replaces the group.
   */
  allocationStrategy?: pulumi.Input<AllocationStrategy>;
  /**
   * Machines that are on-demand all the same, at most `minSize`. Another number replaces the group.
   * Default: 0.
   * @integer
   */
  onDemandBase?: pulumi.Input<number>;
}

/** Exactly one kind, for example `{ spot: {} }`. Another kind replaces the group. */
export interface CapacityArgs {
  onDemand?: pulumi.Input<OnDemandCapacityArgs>;
  spot?: pulumi.Input<SpotCapacityArgs>;
}

type Capacity = pulumi.Unwrap<CapacityArgs>;

const kinds = ["onDemand", "spot"] as const;

export function capacityType(capacity: { readonly spot?: unknown } | undefined): CapacityType {
  return capacity?.spot === undefined ? "on-demand" : "spot";
}

/** What is wrong with it, by the field's path below it. Undefined values are not known yet. */
export function capacityProblems(capacity: Capacity, minSize: number | undefined): { path: string; reason: string }[] {
  const problems: { path: string; reason: string }[] = [];
  const chosen = kinds.filter((kind) => capacity[kind] !== undefined);
  if (chosen.length !== 1) {
    const reason = `must have exactly one of ${kinds.join(", ")}, has ${chosen.join(" and ") || "none"}`;
    problems.push({ path: "", reason });
  }
  const base = capacity.spot?.onDemandBase;
  const path = ".spot.onDemandBase";
  if (base !== undefined && (!Number.isInteger(base) || base < 0)) {
    problems.push({ path, reason: `must be a whole number of at least 0, is ${base}` });
  } else if (base !== undefined && minSize !== undefined && base > minSize) {
    const reason = `${base} must not be more than minSize, ${minSize}: a fleet's on-demand part does not shrink with it`;
    problems.push({ path, reason });
  }
  return problems;
}
