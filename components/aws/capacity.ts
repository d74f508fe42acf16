/** What can be seen of `capacity` without asking AWS: the resource looks at it in the same way. */
import { capacityProblems } from "../../sdk/aws/capacity";
import type { Problems } from "../errors";
import { known } from "../inputs";
import type { AwsNodeGroupArgs } from "./args";

export function checkCapacity(
  path: string,
  { capacity, minSize }: Pick<AwsNodeGroupArgs, "capacity" | "minSize">,
  problems: Problems,
): void {
  if (capacity === undefined) return;
  const { onDemand, spot } = capacity;
  const seen = {
    ...(onDemand !== undefined && { onDemand: {} }),
    ...(spot !== undefined && { spot: { onDemandBase: known(known(spot)?.onDemandBase) } }),
  };
  for (const { path: field, reason } of capacityProblems(seen, known(minSize))) problems.add(`${path}${field}`, reason);
}
