/** What can be seen of `capacity` without asking AWS: the resource looks at it in the same way. */
import { capacityProblems } from "../../sdk/aws/capacity";
import type { Problems } from "../errors";
import { known } from "../inputs";
import type { AwsNodeGroupArgs } from "./args";

export function checkCapacity(
  path: string,
  { capacity, minSize, placementGroup }: Pick<AwsNodeGroupArgs, "capacity" | "minSize" | "placementGroup">,
  problems: Problems,
): void {
  if (capacity === undefined) return;
  const { onDemand, spot, reservation } = capacity;
  const seen = {
    ...(onDemand !== undefined && { onDemand: {} }),
    ...(spot !== undefined && { spot: { onDemandBase: known(known(spot)?.onDemandBase) } }),
    ...(reservation !== undefined && { reservation: { id: known(known(reservation)?.id) } }),
  };
  for (const { path: field, reason } of capacityProblems(seen, known(minSize))) problems.add(`${path}${field}`, reason);
  if (reservation !== undefined && placementGroup === "cluster") {
    const reason =
      "a reservation has its own place: machines in it cannot stand in a cluster placement group made for them";
    problems.add(`${path}.reservation`, reason);
  }
}
