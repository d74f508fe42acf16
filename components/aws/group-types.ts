import type { AwsConnection } from "../../sdk/aws/config";
import { getInstanceTypes, type InstanceTypeResult } from "../../sdk/aws/functions";
import type * as pulumi from "../../sdk/pulumi";
import { Problems } from "../errors";
import type { AwsNodeGroupArgs } from "./args";
import { checkFabric } from "./fabric";

export interface AskedGroup {
  group: Pick<AwsNodeGroupArgs, "efa" | "placementGroup">;
  instanceTypes: readonly string[];
  /** The group among the user's arguments: `nodeGroups[2]`. */
  path: string;
  /** Whether machines have public addresses. */
  publicSubnets: boolean;
  connection: AwsConnection | undefined;
}

/** Whether a group's template depends on more of its types than their names. */
export function needsTypes({ efa, placementGroup }: AwsNodeGroupArgs): boolean {
  return efa === true || placementGroup !== undefined;
}

/** What AWS says of a group's types. Rejects with `InvalidInput` where they cannot do what the group asks for. */
export async function groupTypes(
  { group, instanceTypes, path, publicSubnets, connection }: AskedGroup,
  { parent }: pulumi.InvokeOptions,
): Promise<InstanceTypeResult[]> {
  const { instanceTypes: types } = await getInstanceTypes(
    { instanceTypes: [...instanceTypes], connection },
    { parent },
  );
  const problems = new Problems();
  checkFabric(path, group, types, { publicSubnets }, problems);
  problems.raise("AwsCluster");
  // Types that the region does not offer are named by the node group's own check.
  return types.length > 0 ? types : [notOffered];
}

const notOffered: InstanceTypeResult = {
  name: "",
  efaInterfaces: 1,
  networkCards: 1,
  placementStrategies: [],
  zones: [],
};
