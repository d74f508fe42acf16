/** Which of several instance types and zones a fleet takes. */

export const allocationStrategies = [
  "lowest-price",
  "diversified",
  "capacity-optimized",
  "price-capacity-optimized",
  "prioritized",
] as const;

/** Reference: EC2 API, SpotOptionsRequest and OnDemandOptionsRequest. */
export type AllocationStrategy = (typeof allocationStrategies)[number];

/** Those that on-demand instances have. Reference: EC2 API, OnDemandOptionsRequest. */
export type OnDemandStrategy = "lowest-price" | "prioritized";

export type CapacityType = "on-demand" | "spot";

/** The strategy in the API's words. Spot has no plain `prioritized`: the order counts after the capacity. */
export function spotStrategy(strategy: AllocationStrategy) {
  return strategy === "prioritized" ? "capacity-optimized-prioritized" : strategy;
}

export function onDemandStrategy(strategy: AllocationStrategy) {
  return strategy === "prioritized" ? "prioritized" : "lowest-price";
}

/** Our word for what a fleet has, for import. */
export function strategyFromApi(apiName: string | undefined): AllocationStrategy {
  const name =
    apiName === "capacity-optimized-prioritized" ? "prioritized" : apiName?.replace("lowestPrice", "lowest-price");
  return allocationStrategies.find((strategy) => strategy === name) ?? "lowest-price";
}
