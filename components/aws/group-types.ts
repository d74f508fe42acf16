import type { InstanceTypeResult } from "../../sdk/aws/functions";
import { InstanceTypeFacts } from "../../sdk/aws/instance-type-facts";
import { checkFabric } from "../../sdk/aws/type-checks";
import * as pulumi from "../../sdk/pulumi";
import { Problems } from "../errors";
import { ifThere } from "../left-out";
import type { AwsNodeGroupArgs } from "./args";
import { checkTypeGpus, mayOfferGpus } from "./gpus";

export interface AskedGroup {
  group: Pick<AwsNodeGroupArgs, "efa" | "placementGroup" | "instanceTypes" | "gpus" | "gpuVendor">;
  /** The group among the user's arguments: `nodeGroups[2]`. */
  path: string;
  /** Whether machines have public addresses. */
  publicSubnets: pulumi.Input<boolean>;
}

/** Whether a group's machines depend on more of its types than their names. */
function needsTypes(group: AskedGroup["group"]): boolean {
  return group.efa === true || group.placementGroup !== undefined || mayOfferGpus(group);
}

/** For each group what AWS says of its types, where it depends on that. Rejects with `InvalidInput` where they cannot do what it asks for. */
export function groupTypes(
  name: string,
  groups: readonly AskedGroup[],
  child: pulumi.CustomResourceOptions,
): (pulumi.Output<InstanceTypeResult[]> | undefined)[] {
  const asking = groups.filter(({ group }) => needsTypes(group));
  if (asking.length === 0) return groups.map(() => undefined);
  const instanceTypes = pulumi
    .all(asking.map(({ group }) => group.instanceTypes))
    .apply((all) => [...new Set(all.flat())].sort());
  const { facts } = new InstanceTypeFacts(`${name}-types`, { instanceTypes }, child);
  return groups.map((each) => (asking.includes(each) ? ofGroup(each, facts) : undefined));
}

function ofGroup(
  { group, path, publicSubnets }: AskedGroup,
  facts: pulumi.Output<InstanceTypeResult[]>,
): pulumi.Output<InstanceTypeResult[]> {
  return pulumi
    .all([facts, group.instanceTypes, group.efa === true && publicSubnets])
    .apply(([all, names, publicSubnets]) => {
      const own = [...new Set(names)].flatMap((type) => ifThere(all).filter(({ name }) => name === type));
      const problems = new Problems();
      checkFabric(path, group, own, { publicSubnets }, problems);
      checkTypeGpus(path, group, own, problems);
      problems.raise("AwsCluster");
      // Types that the region does not offer are named by the node group's own check.
      return own.length > 0 ? own : [notOffered];
    });
}

const notOffered: InstanceTypeResult = {
  name: "",
  gpus: 0,
  gpuModel: "",
  gpuVendor: "",
  efaInterfaces: 1,
  networkCards: 1,
  placementStrategies: [],
  zones: [],
};
