/** `aws:ec2/securityGroup:SecurityGroup`, rules as resources of their own, `aws:ec2/keyPair:KeyPair`. */
import type { IpPermission, SecurityGroupRule } from "@aws-sdk/client-ec2";
import type { KeyPairArgs, KeyPairState } from "@pulumi/aws/ec2/keyPair";
import type { SecurityGroupArgs, SecurityGroupState } from "@pulumi/aws/ec2/securityGroup";
import type { SecurityGroupEgressRuleArgs } from "@pulumi/aws/vpc/securityGroupEgressRule";
import type {
  SecurityGroupIngressRuleArgs,
  SecurityGroupIngressRuleState,
} from "@pulumi/aws/vpc/securityGroupIngressRule";
import { unlessGone } from "../../provider/aws/errors";
import { removeWhenFree, type Cloud, type Plain } from "./cloud";
import { ec2Object } from "./ec2-object";

const securityGroup = ec2Object<SecurityGroupArgs, SecurityGroupState>({
  tagged: "security-group",
  inputs: ["name", "description", "vpcId"],
  required: ["vpcId"],
  autoname: { property: "name", maxLength: 255 },
  defaults: { description: "Managed by Pulumi" },
  replaceOn: ["name", "description", "vpcId"],
  make: async (cloud, { name, description, vpcId, tags }) => {
    const { ec2 } = cloud;
    const made = await ec2.createSecurityGroup({
      GroupName: name!,
      Description: description!,
      VpcId: vpcId,
      ...cloud.specifications("security-group", tags),
    });
    return made.GroupId!;
  },
  // As the official provider: AWS lets everything out of a new group; here only what the program's rules say.
  adjust: async ({ ec2 }, GroupId, _inputs, state) => {
    if (state.name !== undefined) return;
    const found = (await ec2.describeSecurityGroups({ GroupIds: [GroupId] })).SecurityGroups![0]!;
    const IpPermissions = found.IpPermissionsEgress ?? [];
    if (IpPermissions.length > 0) await ec2.revokeSecurityGroupEgress({ GroupId, IpPermissions });
  },
  describe: async (cloud, id) => {
    const found = (await unlessGone(cloud.ec2.describeSecurityGroups({ GroupIds: [id] })))?.SecurityGroups?.[0];
    if (found === undefined) return undefined;
    const state = {
      arn: await cloud.arn("security-group", id),
      name: found.GroupName,
      description: found.Description,
      vpcId: found.VpcId,
      ownerId: found.OwnerId,
      region: cloud.region,
    };
    return { state, tags: found.Tags };
  },
  remove: ({ ec2 }, id, _state, subject) =>
    removeWhenFree(`security group ${id}`, () => ec2.deleteSecurityGroup({ GroupId: id }), subject),
});

type RuleArgs = SecurityGroupIngressRuleArgs & SecurityGroupEgressRuleArgs;

function rule(isEgress: boolean) {
  return ec2Object<RuleArgs, SecurityGroupIngressRuleState>({
    tagged: "security-group-rule",
    inputs: [
      "securityGroupId",
      "ipProtocol",
      "fromPort",
      "toPort",
      "cidrIpv4",
      "cidrIpv6",
      "referencedSecurityGroupId",
      "description",
    ],
    required: ["securityGroupId", "ipProtocol"],
    // Of a rule AWS changes all but the group; moto changes nothing.
    replaceOn: [
      "securityGroupId",
      "ipProtocol",
      "fromPort",
      "toPort",
      "cidrIpv4",
      "cidrIpv6",
      "referencedSecurityGroupId",
      "description",
    ],
    deleteBeforeReplace: true,
    make: async (cloud, inputs) => {
      const request = {
        GroupId: inputs.securityGroupId,
        IpPermissions: [permission(inputs)],
        ...cloud.specifications("security-group-rule", inputs.tags),
      };
      const made = isEgress
        ? await cloud.ec2.authorizeSecurityGroupEgress(request)
        : await cloud.ec2.authorizeSecurityGroupIngress(request);
      return made.SecurityGroupRules![0]!.SecurityGroupRuleId!;
    },
    describe: async (cloud, id) => {
      const found = await findRule(cloud, id);
      if (found === undefined || found.IsEgress !== isEgress) return undefined;
      const isAll = found.IpProtocol === "-1";
      const state = {
        arn: await cloud.arn("security-group-rule", id),
        securityGroupRuleId: id,
        securityGroupId: found.GroupId,
        ipProtocol: found.IpProtocol,
        fromPort: isAll ? undefined : found.FromPort,
        toPort: isAll ? undefined : found.ToPort,
        cidrIpv4: found.CidrIpv4,
        cidrIpv6: found.CidrIpv6,
        referencedSecurityGroupId: found.ReferencedGroupInfo?.GroupId,
        description: found.Description === "" ? undefined : found.Description,
        region: cloud.region,
      };
      return { state, tags: found.Tags };
    },
    remove: async ({ ec2 }, id, { securityGroupId }) => {
      const request = { GroupId: securityGroupId!, SecurityGroupRuleIds: [id] };
      await unlessGone(isEgress ? ec2.revokeSecurityGroupEgress(request) : ec2.revokeSecurityGroupIngress(request));
    },
  });
}

async function findRule({ ec2 }: Cloud, id: string): Promise<SecurityGroupRule | undefined> {
  const answer = await unlessGone(ec2.describeSecurityGroupRules({ SecurityGroupRuleIds: [id] }));
  return answer?.SecurityGroupRules?.find(({ SecurityGroupRuleId }) => SecurityGroupRuleId === id);
}

function permission(inputs: Plain<RuleArgs>): IpPermission {
  const { ipProtocol, fromPort, toPort, cidrIpv4, cidrIpv6, referencedSecurityGroupId, description } = inputs;
  const Description = description === undefined ? {} : { Description: description };
  return {
    IpProtocol: ipProtocol,
    ...(ipProtocol !== "-1" && { FromPort: fromPort, ToPort: toPort }),
    ...(cidrIpv4 !== undefined && { IpRanges: [{ CidrIp: cidrIpv4, ...Description }] }),
    ...(cidrIpv6 !== undefined && { Ipv6Ranges: [{ CidrIpv6: cidrIpv6, ...Description }] }),
    ...(referencedSecurityGroupId !== undefined && {
      UserIdGroupPairs: [{ GroupId: referencedSecurityGroupId, ...Description }],
    }),
  };
}

/** Its id is its name, as the official provider has it; tags go to the key's own id. */
const keyPair = ec2Object<KeyPairArgs, KeyPairState>({
  inputs: ["keyName", "publicKey"],
  required: ["publicKey"],
  autoname: { property: "keyName", maxLength: 255 },
  replaceOn: ["keyName", "publicKey"],
  make: async ({ ec2 }, { keyName, publicKey }) =>
    (await ec2.importKeyPair({ KeyName: keyName!, PublicKeyMaterial: Buffer.from(publicKey) })).KeyName!,
  describe: async (cloud, id) => {
    const found = (await unlessGone(cloud.ec2.describeKeyPairs({ KeyNames: [id] })))?.KeyPairs?.[0];
    if (found === undefined) return undefined;
    const state = {
      arn: await cloud.arn("key-pair", id),
      fingerprint: found.KeyFingerprint,
      keyName: found.KeyName,
      keyPairId: found.KeyPairId,
      keyType: found.KeyType,
      region: cloud.region,
    };
    return { state };
  },
  remove: async ({ ec2 }, id) => {
    await unlessGone(ec2.deleteKeyPair({ KeyName: id }));
  },
});

export const securityResources = {
  "aws:ec2/keyPair:KeyPair": keyPair,
  "aws:ec2/securityGroup:SecurityGroup": securityGroup,
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": rule(true),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": rule(false),
};
