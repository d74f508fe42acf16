/** How a group's machines are bought, as a fleet says it. Pure. */
import type { NodeGroupArgs } from "../../sdk/aws/node-group";
import { checkWhole } from "../common-checks";
import type { Problems } from "../errors";
import { known } from "../inputs";
import type { AwsCapacityArgs, AwsNodeGroupArgs } from "./args";

const kinds = ["onDemand", "spot"] as const;

export function checkCapacity(
  path: string,
  { capacity, minSize }: Pick<AwsNodeGroupArgs, "capacity" | "minSize">,
  problems: Problems,
): void {
  if (capacity === undefined) return;
  const chosen = kinds.filter((kind) => capacity[kind] !== undefined);
  if (chosen.length !== 1) {
    problems.add(path, `must have exactly one of ${kinds.join(", ")}, has ${chosen.join(" and ") || "none"}`);
  }
  const { spot } = capacity;
  checkWhole(`${path}.spot.onDemandBase`, spot?.onDemandBase, 0, problems);
  const [base, least] = [known(spot?.onDemandBase), known(minSize)];
  if (base !== undefined && least !== undefined && base > least) {
    problems.add(`${path}.spot.onDemandBase`, `${base} must not be more than minSize, ${least}`);
  }
}

type FleetCapacity = Pick<NodeGroupArgs, "capacityType" | "allocationStrategy" | "onDemandBase">;

export function fleetCapacity({ onDemand, spot }: AwsCapacityArgs = {}): FleetCapacity {
  if (spot === undefined) return { capacityType: "on-demand", allocationStrategy: onDemand?.allocationStrategy };
  return { capacityType: "spot", allocationStrategy: spot.allocationStrategy, onDemandBase: spot.onDemandBase };
}
