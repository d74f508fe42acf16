/** What can be seen of `capacity` without asking AWS: the resource looks at it in the same way. */
import { capacityProblems, readCapacity, reservedKind } from "../../sdk/aws/capacity";
import type { Problems } from "../errors";
import { known } from "../inputs";
import type { AwsNodeGroupArgs } from "./args";

export function checkCapacity(
  path: string,
  { capacity, minSize, placementGroup }: Pick<AwsNodeGroupArgs, "capacity" | "minSize" | "placementGroup">,
  problems: Problems,
): void {
  if (capacity === undefined) return;
  const found = capacityProblems(readCapacity(capacity, known), known(minSize));
  for (const { path: field, reason } of found)
    if (field !== "" || !problems.isRefused(path)) problems.add(`${path}${field}`, reason);
  const reserved = reservedKind(capacity);
  if (reserved !== undefined && placementGroup === "cluster") {
    const reason =
      "a reservation has its own place: machines in it cannot stand in a cluster placement group made for them";
    problems.add(`${path}.${reserved}`, reason);
  }
}
