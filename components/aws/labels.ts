/** Labels that AWS's own parts set on nodes. Pure. */
import type { Problems } from "../errors";
import { knownEntries } from "../inputs";
import type { AwsClusterArgs, AwsNodeGroupArgs } from "./args";

const byControllerManager = [
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "node.kubernetes.io/instance-type",
];
const byBlockStorage = ["topology.ebs.csi.aws.com/zone"];

/**
 * A group's machines are of more zones and types than one, and each says its own. Another value would be believed for a while: the autoscaler would buy nodes for
 * pods that none of them takes, and EBS's driver ends where a label says otherwise than the machine.
 */
export function checkPlaceLabels(
  path: string,
  { labels }: Pick<AwsNodeGroupArgs, "labels">,
  {
    cloudControllerManager = true,
    blockStorage = true,
  }: Pick<AwsClusterArgs, "cloudControllerManager" | "blockStorage">,
  problems: Problems,
): void {
  const kept = [...(cloudControllerManager ? byControllerManager : []), ...(blockStorage ? byBlockStorage : [])];
  for (const [key] of knownEntries(labels))
    if (kept.includes(key))
      problems.add(`${path}["${key}"]`, "AWS's own parts in the cluster set it, to what each machine is: leave it out");
}
