/** `aws:ec2/placementGroup:PlacementGroup`. Its id is its name. */
import type { PlacementGroupArgs, PlacementGroupState } from "@pulumi/aws/ec2/placementGroup";
import { unlessGone } from "../../provider/aws/errors";
import { removeWhenFree, type Cloud } from "./cloud";
import { ec2Object } from "./ec2-object";

const placementGroup = ec2Object<PlacementGroupArgs, PlacementGroupState>({
  inputs: ["name", "strategy", "partitionCount", "tags"],
  required: ["strategy"],
  autoname: { property: "name", maxLength: 255 },
  chosen: ["partitionCount"],
  replaceOn: ["name", "strategy", "partitionCount"],
  make: async (cloud, { name, strategy, partitionCount, tags }) => {
    await cloud.ec2.createPlacementGroup({
      GroupName: name!,
      Strategy: strategy as "cluster",
      PartitionCount: partitionCount,
      ...cloud.specifications("placement-group", tags),
    });
    return name!;
  },
  adjust: async (cloud, id, { tags }, state) => {
    const found = await describeGroup(cloud, id);
    if (state.name !== undefined && found) await cloud.retag(found.GroupId!, state.tagsAll, tags);
  },
  describe: async (cloud, id) => {
    const found = await describeGroup(cloud, id);
    if (found === undefined) return undefined;
    const state = {
      arn: found.GroupArn,
      name: found.GroupName,
      strategy: found.Strategy,
      partitionCount: found.PartitionCount,
      placementGroupId: found.GroupId,
      spreadLevel: found.SpreadLevel,
      region: cloud.region,
      ...cloud.readTags(found.Tags),
    };
    return { state };
  },
  remove: async ({ ec2 }, id, _state, subject) =>
    removeWhenFree(`placement group ${id}`, () => ec2.deletePlacementGroup({ GroupName: id }), subject),
});

async function describeGroup({ ec2 }: Cloud, name: string) {
  return (await unlessGone(ec2.describePlacementGroups({ GroupNames: [name] })))?.PlacementGroups?.[0];
}

export const placementResources = { "aws:ec2/placementGroup:PlacementGroup": placementGroup };
