/** `aws:ssm/parameter:Parameter`. Its value is always secret. */
import type { ParameterArgs, ParameterState } from "@pulumi/aws/ssm/parameter";
import { unlessGone } from "../../provider/aws/errors";
import { ec2Object } from "./ec2-object";
import { withIamTags } from "./identity";

const ResourceType = "Parameter";

const parameter = withIamTags(
  ec2Object<ParameterArgs, ParameterState>({
    inputs: ["name", "type", "value", "description", "tier"],
    required: ["type", "value"],
    autoname: { property: "name", maxLength: 1011 },
    defaults: { tier: "Standard" },
    secrets: ["value"],
    replaceOn: ["name"],
    volatile: ["version"],
    make: async (cloud, { name, type, value, description, tags }) => {
      await cloud.ssm.putParameter({
        Name: name!,
        Type: type as "SecureString",
        Value: value!,
        Description: description,
        Tags: cloud.tagList(tags),
      });
      return name!;
    },
    adjust: async ({ ssm }, Name, { type, value, description }, state) => {
      if (state.name === undefined) return;
      if (type === state.type && value === state.value && description === state.description) return;
      await ssm.putParameter({
        Name,
        Type: type as "SecureString",
        Value: value!,
        Description: description,
        Overwrite: true,
      });
    },
    describe: async (cloud, id) => {
      const { ssm } = cloud;
      const found = (await unlessGone(ssm.getParameter({ Name: id, WithDecryption: true })))?.Parameter;
      if (found === undefined) return undefined;

      const [about] =
        (await ssm.describeParameters({ ParameterFilters: [{ Key: "Name", Values: [id] }] })).Parameters ?? [];
      const state = {
        arn: found.ARN,
        dataType: found.DataType,
        description: about?.Description || undefined,
        keyId: about?.KeyId,
        name: found.Name,
        tier: about?.Tier ?? "Standard",
        type: found.Type,
        value: found.Value,
        version: found.Version,
        region: cloud.region,
      };
      return { state };
    },
    remove: async ({ ssm }, id) => {
      await unlessGone(ssm.deleteParameter({ Name: id }));
    },
  }),
  {
    list: async ({ ssm }, ResourceId) => (await ssm.listTagsForResource({ ResourceType, ResourceId })).TagList,
    set: ({ ssm }, ResourceId, Tags) => ssm.addTagsToResource({ ResourceType, ResourceId, Tags }),
    unset: ({ ssm }, ResourceId, TagKeys) => ssm.removeTagsFromResource({ ResourceType, ResourceId, TagKeys }),
  },
);

export const parameterResources = { "aws:ssm/parameter:Parameter": parameter };
