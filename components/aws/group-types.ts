import type { InstanceTypeResult } from "../../sdk/aws/functions";
import { InstanceTypeFacts } from "../../sdk/aws/instance-type-facts";
import * as pulumi from "../../sdk/pulumi";
import { Problems } from "../errors";
import type { AwsNodeGroupArgs } from "./args";
import { checkFabric } from "./fabric";

export interface AskedGroup {
  group: Pick<AwsNodeGroupArgs, "efa" | "placementGroup" | "instanceTypes">;
  /** The group among the user's arguments: `nodeGroups[2]`. */
  path: string;
  /** Whether machines have public addresses. */
  publicSubnets: pulumi.Input<boolean>;
}

/** Whether a group's template depends on more of its types than their names. */
export function needsTypes({ efa, placementGroup }: AwsNodeGroupArgs): boolean {
  return efa === true || placementGroup !== undefined;
}

/** What AWS said of a group's types. Rejects with `InvalidInput` where they cannot do what the group asks for. */
export function groupTypes(
  name: string,
  { group, path, publicSubnets }: AskedGroup,
  child: pulumi.CustomResourceOptions,
): pulumi.Output<InstanceTypeResult[]> {
  const types = new InstanceTypeFacts(`${name}-types`, { instanceTypes: group.instanceTypes }, child);
  return pulumi.all([types.facts, publicSubnets]).apply(([facts, publicSubnets]) => {
    const problems = new Problems();
    checkFabric(path, group, facts, { publicSubnets }, problems);
    problems.raise("AwsCluster");
    // Types that the region does not offer are named by the node group's own check.
    return facts.length > 0 ? facts : [notOffered];
  });
}

const notOffered: InstanceTypeResult = {
  name: "",
  efaInterfaces: 1,
  networkCards: 1,
  placementStrategies: [],
  zones: [],
};
