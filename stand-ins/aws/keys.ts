/** `aws:kms/key:Key`. What is deleted is scheduled for it. */
import type { KeyArgs, KeyState } from "@pulumi/aws/kms/key";
import { unlessGone } from "../../provider/aws/errors";
import { ec2Object } from "./ec2-object";
import { sameJson, withIamTags } from "./identity";

const key = withIamTags(
  ec2Object<KeyArgs, KeyState>({
    inputs: ["description", "policy", "deletionWindowInDays", "enableKeyRotation"],
    defaults: { enableKeyRotation: false },
    chosen: ["policy", "description"],
    replaceOn: [],
    make: async (cloud, { description, policy, tags }) => {
      const Tags = cloud.tagList(tags).map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value }));
      const made = await cloud.kms.createKey({ Description: description, Policy: policy as string | undefined, Tags });
      return made.KeyMetadata!.KeyId!;
    },
    adjust: async ({ kms }, KeyId, { description, policy, enableKeyRotation }, state) => {
      if ((enableKeyRotation ?? false) !== (state.enableKeyRotation ?? false))
        await (enableKeyRotation ? kms.enableKeyRotation({ KeyId }) : kms.disableKeyRotation({ KeyId }));
      if (state.keyId === undefined) return;
      if (policy !== undefined && !sameJson(policy, state.policy))
        await kms.putKeyPolicy({ KeyId, PolicyName: "default", Policy: policy as string });
      if (description !== state.description) await kms.updateKeyDescription({ KeyId, Description: description ?? "" });
    },
    describe: async ({ kms, region }, KeyId) => {
      const found = (await unlessGone(kms.describeKey({ KeyId })))?.KeyMetadata;
      if (found === undefined || found.KeyState === "PendingDeletion") return undefined;
      const { Policy } = await kms.getKeyPolicy({ KeyId, PolicyName: "default" });
      const { KeyRotationEnabled } = await kms.getKeyRotationStatus({ KeyId });
      const state = {
        arn: found.Arn,
        description: found.Description,
        enableKeyRotation: KeyRotationEnabled,
        isEnabled: found.Enabled,
        keyId: KeyId,
        keyUsage: found.KeyUsage,
        policy: Policy,
        region,
      };
      return { state };
    },
    remove: async ({ kms }, KeyId, { deletionWindowInDays }) => {
      await unlessGone(kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: deletionWindowInDays }));
    },
  }),
  {
    list: async ({ kms }, KeyId) =>
      (await kms.listResourceTags({ KeyId })).Tags?.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue })),
    set: ({ kms }, KeyId, tags) =>
      kms.tagResource({ KeyId, Tags: tags.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value })) }),
    unset: ({ kms }, KeyId, TagKeys) => kms.untagResource({ KeyId, TagKeys }),
  },
);

export const keyResources = { "aws:kms/key:Key": key };
