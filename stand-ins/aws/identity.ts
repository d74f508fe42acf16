/** `aws:iam/role:Role`, `rolePolicy`, `rolePolicyAttachment`, `instanceProfile`. */
import type { Tag } from "@aws-sdk/client-iam";
import type { InstanceProfileArgs, InstanceProfileState } from "@pulumi/aws/iam/instanceProfile";
import type { RoleArgs, RoleState } from "@pulumi/aws/iam/role";
import type { RolePolicyArgs, RolePolicyState } from "@pulumi/aws/iam/rolePolicy";
import type { RolePolicyAttachmentArgs, RolePolicyAttachmentState } from "@pulumi/aws/iam/rolePolicyAttachment";
import { isDeepStrictEqual } from "node:util";
import { unlessGone } from "../../provider/aws/errors";
import { PartialFailure } from "../../provider/server/resource";
import type { TableResource } from "../server/table";
import { removeWhenFree, type Cloud, type Tags } from "./cloud";
import { ec2Object } from "./ec2-object";

const role = withIamTags(
  ec2Object<RoleArgs, RoleState>({
    inputs: ["name", "assumeRolePolicy", "description", "path", "maxSessionDuration", "permissionsBoundary"],
    required: ["assumeRolePolicy"],
    autoname: { property: "name", maxLength: 64 },
    defaults: { path: "/", maxSessionDuration: 3600 },
    replaceOn: ["name", "path"],
    make: async (
      cloud,
      { name, assumeRolePolicy, description, path, maxSessionDuration, permissionsBoundary, tags },
    ) => {
      await cloud.iam.createRole({
        RoleName: name!,
        AssumeRolePolicyDocument: assumeRolePolicy as string,
        Description: description,
        Path: path,
        MaxSessionDuration: maxSessionDuration,
        PermissionsBoundary: permissionsBoundary,
        Tags: cloud.tagList(tags),
      });
      return name!;
    },
    adjust: async ({ iam }, RoleName, inputs, state) => {
      if (state.name === undefined) return;
      if (!sameJson(inputs.assumeRolePolicy, state.assumeRolePolicy))
        await iam.updateAssumeRolePolicy({ RoleName, PolicyDocument: inputs.assumeRolePolicy as string });
      if (inputs.permissionsBoundary === undefined) {
        if (state.permissionsBoundary !== undefined) await iam.deleteRolePermissionsBoundary({ RoleName });
      } else if (inputs.permissionsBoundary !== state.permissionsBoundary) {
        await iam.putRolePermissionsBoundary({ RoleName, PermissionsBoundary: inputs.permissionsBoundary });
      }
      if (inputs.description !== state.description || inputs.maxSessionDuration !== state.maxSessionDuration)
        await iam.updateRole({
          RoleName,
          Description: inputs.description ?? "",
          MaxSessionDuration: inputs.maxSessionDuration,
        });
    },
    describe: async ({ iam }, id) => {
      const found = (await unlessGone(iam.getRole({ RoleName: id })))?.Role;
      if (found === undefined) return undefined;
      const state = {
        arn: found.Arn,
        assumeRolePolicy: decodeURIComponent(found.AssumeRolePolicyDocument ?? ""),
        createDate: found.CreateDate?.toISOString(),
        description: found.Description || undefined,
        maxSessionDuration: found.MaxSessionDuration,
        name: found.RoleName,
        permissionsBoundary: found.PermissionsBoundary?.PermissionsBoundaryArn,
        path: found.Path,
        uniqueId: found.RoleId,
      };
      return { state, tags: found.Tags };
    },
    remove: ({ iam }, id, _state, subject) =>
      removeWhenFree(`role ${id}`, () => iam.deleteRole({ RoleName: id }), subject),
  }),
  {
    list: async ({ iam }, id) => (await iam.listRoleTags({ RoleName: id })).Tags,
    set: ({ iam }, id, Tags) => iam.tagRole({ RoleName: id, Tags }),
    unset: ({ iam }, id, TagKeys) => iam.untagRole({ RoleName: id, TagKeys }),
  },
);

const instanceProfile = withIamTags(
  ec2Object<InstanceProfileArgs, InstanceProfileState>({
    inputs: ["name", "path", "role"],
    autoname: { property: "name", maxLength: 128 },
    defaults: { path: "/" },
    replaceOn: ["name", "path"],
    make: async (cloud, { name, path, tags }) => {
      await cloud.iam.createInstanceProfile({ InstanceProfileName: name!, Path: path, Tags: cloud.tagList(tags) });
      return name!;
    },
    adjust: async ({ iam }, InstanceProfileName, { role: wanted }, { role: before }) => {
      if (wanted === before) return;
      if (before)
        await unlessGone(iam.removeRoleFromInstanceProfile({ InstanceProfileName, RoleName: before as string }));
      if (wanted) await iam.addRoleToInstanceProfile({ InstanceProfileName, RoleName: wanted as string });
    },
    describe: async ({ iam }, id) => {
      const found = (await unlessGone(iam.getInstanceProfile({ InstanceProfileName: id })))?.InstanceProfile;
      if (found === undefined) return undefined;
      const state = {
        arn: found.Arn,
        createDate: found.CreateDate?.toISOString(),
        name: found.InstanceProfileName,
        path: found.Path,
        role: found.Roles?.[0]?.RoleName,
        uniqueId: found.InstanceProfileId,
      };
      return { state, tags: found.Tags };
    },
    remove: async ({ iam }, InstanceProfileName, _state, subject) => {
      const found = (await unlessGone(iam.getInstanceProfile({ InstanceProfileName })))?.InstanceProfile;
      for (const { RoleName } of found?.Roles ?? [])
        await unlessGone(iam.removeRoleFromInstanceProfile({ InstanceProfileName, RoleName }));
      await removeWhenFree(
        `instance profile ${InstanceProfileName}`,
        () => iam.deleteInstanceProfile({ InstanceProfileName }),
        subject,
      );
    },
  }),
  {
    list: async ({ iam }, id) => (await iam.getInstanceProfile({ InstanceProfileName: id })).InstanceProfile?.Tags,
    set: ({ iam }, id, Tags) => iam.tagInstanceProfile({ InstanceProfileName: id, Tags }),
    unset: ({ iam }, id, TagKeys) => iam.untagInstanceProfile({ InstanceProfileName: id, TagKeys }),
  },
);

const rolePolicy = ec2Object<RolePolicyArgs, RolePolicyState>({
  inputs: ["name", "role", "policy"],
  required: ["role", "policy"],
  autoname: { property: "name", maxLength: 128 },
  replaceOn: ["name", "role"],
  make: async (cloud, { name, role: owner, policy }) => {
    await cloud.iam.putRolePolicy({ RoleName: owner as string, PolicyName: name!, PolicyDocument: policy as string });
    return `${owner as string}:${name}`;
  },
  adjust: async ({ iam }, id, { policy }, state) => {
    if (state.name === undefined) return;
    await iam.putRolePolicy({ ...ownerOf(id), PolicyDocument: policy as string });
  },
  describe: async ({ iam }, id) => {
    const found = await unlessGone(iam.getRolePolicy(ownerOf(id)));
    if (found === undefined) return undefined;
    const policy = decodeURIComponent(found.PolicyDocument ?? "");
    return { state: { name: found.PolicyName, role: found.RoleName, policy } };
  },
  remove: async ({ iam }, id) => {
    await unlessGone(iam.deleteRolePolicy(ownerOf(id)));
  },
});

function ownerOf(id: string): { RoleName: string; PolicyName: string } {
  const [RoleName = "", PolicyName = ""] = id.split(":");
  return { RoleName, PolicyName };
}

/** `role/policy ARN`, which is how it is imported too. */
const rolePolicyAttachment = ec2Object<RolePolicyAttachmentArgs, RolePolicyAttachmentState>({
  inputs: ["role", "policyArn"],
  required: ["role", "policyArn"],
  replaceOn: ["role", "policyArn"],
  make: async ({ iam }, { role: owner, policyArn }) => {
    await iam.attachRolePolicy({ RoleName: owner as string, PolicyArn: policyArn });
    return `${owner as string}/${policyArn}`;
  },
  describe: async ({ iam }, id) => {
    const [RoleName, PolicyArn] = attachmentOf(id);
    const found = await unlessGone(iam.listAttachedRolePolicies({ RoleName }));
    const isThere = found?.AttachedPolicies?.some((attached) => attached.PolicyArn === PolicyArn);
    return isThere ? { state: { role: RoleName, policyArn: PolicyArn } } : undefined;
  },
  remove: async ({ iam }, id) => {
    const [RoleName, PolicyArn] = attachmentOf(id);
    await unlessGone(iam.detachRolePolicy({ RoleName, PolicyArn }));
  },
});

function attachmentOf(id: string): [string, string] {
  const cut = id.indexOf("/");
  return [id.slice(0, cut), id.slice(cut + 1)];
}

interface IamTags {
  list(cloud: Cloud, id: string): Promise<Tag[] | undefined>;
  set(cloud: Cloud, id: string, tags: { Key: string; Value: string }[]): Promise<unknown>;
  unset(cloud: Cloud, id: string, keys: string[]): Promise<unknown>;
}

/** IAM has calls of its own for the tags of each kind of thing. */
export function withIamTags(resource: TableResource<Cloud>, { list, set, unset }: IamTags): TableResource<Cloud> {
  const tagged = async (cloud: Cloud, id: string) => cloud.readTags(await list(cloud, id));
  return {
    ...resource,
    inputs: [...resource.inputs, "tags"],
    foresee: (cloud, inputs) => ({ tagsAll: cloud.tagsAll(inputs["tags"] as Tags | undefined) }),
    create: async (cloud, inputs, subject) => {
      const { id, outputs } = await resource.create(cloud, inputs, subject);
      try {
        return { id, outputs: { ...outputs, ...(await tagged(cloud, id)) } };
      } catch (error) {
        throw new PartialFailure(
          id,
          outputs,
          [`${id} exists, and its tags cannot be read: ${(error as Error).message}`],
          {
            cause: error,
          },
        );
      }
    },
    read: async (cloud, id, state, subject) => {
      const found = await resource.read!(cloud, id, state, subject);
      return found && { ...found, ...(await tagged(cloud, id)) };
    },
    update: async (cloud, id, news, state, subject) => {
      const changes = cloud.tagChanges(state["tagsAll"] as Tags | undefined, news["tags"] as Tags | undefined);
      if (changes.removed.length > 0) await unset(cloud, id, changes.removed);
      if (changes.set.length > 0) await set(cloud, id, changes.set);
      const outputs = await resource.update!(cloud, id, news, state, subject);
      return { ...outputs, ...(await tagged(cloud, id)) };
    },
  };
}

export function sameJson(a: unknown, b: unknown): boolean {
  const parse = (value: unknown): unknown => (typeof value === "string" && value !== "" ? JSON.parse(value) : value);
  return isDeepStrictEqual(parse(a), parse(b));
}

export const identityResources = {
  "aws:iam/instanceProfile:InstanceProfile": instanceProfile,
  "aws:iam/role:Role": role,
  "aws:iam/rolePolicy:RolePolicy": rolePolicy,
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": rolePolicyAttachment,
};
