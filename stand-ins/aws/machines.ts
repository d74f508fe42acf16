/** `aws:ec2/launchTemplate:LaunchTemplate`, `aws:ec2/instance:Instance`. */
import type { Instance as LiveInstance, RequestLaunchTemplateData } from "@aws-sdk/client-ec2";
import type { InstanceArgs, InstanceState } from "@pulumi/aws/ec2/instance";
import type { LaunchTemplateArgs, LaunchTemplateState } from "@pulumi/aws/ec2/launchTemplate";
import { isDeepStrictEqual } from "node:util";
import { unlessGone } from "../../provider/aws/errors";
import { NotServed } from "../server/not-served";
import { until, type Cloud, type Plain } from "./cloud";
import { ec2Object } from "./ec2-object";

/** What a version holds; the rest is about the template itself. */
const versioned = [
  "imageId",
  "instanceType",
  "keyName",
  "userData",
  "ebsOptimized",
  "vpcSecurityGroupIds",
  "iamInstanceProfile",
  "metadataOptions",
  "blockDeviceMappings",
  "tagSpecifications",
  "placement",
  "networkInterfaces",
  "monitoring",
] as const;

const metadataNames = ["httpEndpoint", "httpTokens", "httpPutResponseHopLimit", "instanceMetadataTags"];

const launchTemplate = ec2Object<LaunchTemplateArgs, LaunchTemplateState>({
  tagged: "launch-template",
  inputs: ["name", "description", "updateDefaultVersion", ...versioned],
  nested: {
    metadataOptions: metadataNames,
    iamInstanceProfile: ["arn", "name"],
    monitoring: ["enabled"],
    placement: ["groupName", "tenancy"],
    "blockDeviceMappings[*]": ["deviceName", "ebs"],
    "blockDeviceMappings[*].ebs": [
      "volumeType",
      "volumeSize",
      "encrypted",
      "deleteOnTermination",
      "iops",
      "throughput",
    ],
    "tagSpecifications[*]": ["resourceType", "tags"],
    "networkInterfaces[*]": [
      "deviceIndex",
      "networkCardIndex",
      "interfaceType",
      "securityGroups",
      "deleteOnTermination",
      "associatePublicIpAddress",
    ],
  },
  autoname: { property: "name", maxLength: 125 },
  replaceOn: ["name"],
  volatile: ["latestVersion", "defaultVersion"],
  make: async (cloud, inputs) => {
    const made = await cloud.ec2.createLaunchTemplate({
      LaunchTemplateName: inputs.name!,
      VersionDescription: inputs.description,
      LaunchTemplateData: templateData(inputs),
      ...cloud.specifications("launch-template", inputs.tags),
    });
    return made.LaunchTemplate!.LaunchTemplateId!;
  },
  adjust: async ({ ec2 }, LaunchTemplateId, inputs, state) => {
    if (state.name === undefined) return;
    const before = state as Plain<LaunchTemplateArgs>;
    const isSame =
      isDeepStrictEqual(templateData(inputs), templateData(before)) && inputs.description === before.description;
    if (isSame) return;
    const made = await ec2.createLaunchTemplateVersion({
      LaunchTemplateId,
      VersionDescription: inputs.description,
      LaunchTemplateData: templateData(inputs),
    });
    if (inputs.updateDefaultVersion)
      await ec2.modifyLaunchTemplate({
        LaunchTemplateId,
        DefaultVersion: String(made.LaunchTemplateVersion!.VersionNumber),
      });
  },
  describe: async (cloud, id) => {
    const answer = await unlessGone(cloud.ec2.describeLaunchTemplates({ LaunchTemplateIds: [id] }));
    const found = answer?.LaunchTemplates?.[0];
    if (found === undefined) return undefined;
    const versions = await cloud.ec2.describeLaunchTemplateVersions({ LaunchTemplateId: id, Versions: ["$Latest"] });
    const data = versions.LaunchTemplateVersions?.[0]?.LaunchTemplateData ?? {};
    const state = {
      arn: await cloud.arn("launch-template", id),
      name: found.LaunchTemplateName,
      defaultVersion: found.DefaultVersionNumber,
      latestVersion: found.LatestVersionNumber,
      imageId: data.ImageId,
      instanceType: data.InstanceType,
      keyName: data.KeyName,
      userData: data.UserData,
      vpcSecurityGroupIds: data.SecurityGroupIds,
      region: cloud.region,
    };
    return { state, tags: found.Tags };
  },
  remove: async ({ ec2 }, id) => {
    await unlessGone(ec2.deleteLaunchTemplate({ LaunchTemplateId: id }));
  },
});

function templateData(inputs: Plain<LaunchTemplateArgs>): RequestLaunchTemplateData {
  const { iamInstanceProfile: profile, metadataOptions, placement, networkInterfaces } = inputs;
  const truth = (text: string | undefined) => (text === undefined ? undefined : text === "true");
  return {
    ImageId: inputs.imageId,
    InstanceType: inputs.instanceType as RequestLaunchTemplateData["InstanceType"],
    KeyName: inputs.keyName,
    UserData: inputs.userData,
    EbsOptimized: truth(inputs.ebsOptimized),
    SecurityGroupIds: inputs.vpcSecurityGroupIds,
    IamInstanceProfile: profile && { Arn: profile.arn, Name: profile.name },
    MetadataOptions: metadataOptions && metadata(metadataOptions),
    Monitoring: inputs.monitoring && { Enabled: inputs.monitoring.enabled },
    Placement: placement && { GroupName: placement.groupName, Tenancy: placement.tenancy as "default" },
    BlockDeviceMappings: inputs.blockDeviceMappings?.map(({ deviceName, ebs }) => ({
      DeviceName: deviceName,
      Ebs: ebs && {
        VolumeType: ebs.volumeType as "gp3",
        VolumeSize: ebs.volumeSize,
        Encrypted: truth(ebs.encrypted),
        DeleteOnTermination: truth(ebs.deleteOnTermination),
        Iops: ebs.iops,
        Throughput: ebs.throughput,
      },
    })),
    TagSpecifications: inputs.tagSpecifications?.map(({ resourceType, tags }) => ({
      ResourceType: resourceType as "instance",
      Tags: Object.entries(tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
    })),
    NetworkInterfaces: networkInterfaces?.map((given) => ({
      DeviceIndex: given.deviceIndex,
      NetworkCardIndex: given.networkCardIndex,
      InterfaceType: given.interfaceType,
      Groups: given.securityGroups,
      DeleteOnTermination: truth(given.deleteOnTermination),
      AssociatePublicIpAddress: truth(given.associatePublicIpAddress),
    })),
  };
}

function metadata(given: {
  httpEndpoint?: string;
  httpTokens?: string;
  httpPutResponseHopLimit?: number;
  instanceMetadataTags?: string;
}) {
  return {
    InstanceMetadataTags: given.instanceMetadataTags as "disabled" | undefined,
    HttpEndpoint: given.httpEndpoint as "enabled" | undefined,
    HttpTokens: given.httpTokens as "required" | undefined,
    HttpPutResponseHopLimit: given.httpPutResponseHopLimit,
  };
}

const instance = ec2Object<InstanceArgs, InstanceState>({
  tagged: "instance",
  inputs: [
    "ami",
    "instanceType",
    "keyName",
    "subnetId",
    "vpcSecurityGroupIds",
    "iamInstanceProfile",
    "metadataOptions",
    "rootBlockDevice",
    "volumeTags",
    "userData",
    "userDataBase64",
    "userDataReplaceOnChange",
    "privateIp",
  ],
  required: ["ami", "instanceType"],
  chosen: ["keyName", "privateIp", "subnetId", "vpcSecurityGroupIds"],
  nested: {
    metadataOptions: metadataNames,
    rootBlockDevice: ["volumeType", "volumeSize", "encrypted", "deleteOnTermination", "tags"],
  },
  replaceOn: (_before, { userDataReplaceOnChange }) => [
    "ami",
    "subnetId",
    "keyName",
    "privateIp",
    "rootBlockDevice.encrypted",
    ...(userDataReplaceOnChange === true ? ["userData", "userDataBase64"] : []),
  ],
  problems: ({ userData, userDataBase64, volumeTags, rootBlockDevice }) => [
    ...(userData !== undefined && userDataBase64 !== undefined
      ? [{ property: "userDataBase64", reason: "cannot be given together with userData" }]
      : []),
    ...(volumeTags !== undefined && (rootBlockDevice as Plain<InstanceArgs>["rootBlockDevice"])?.tags !== undefined
      ? [{ property: "volumeTags", reason: "cannot be given together with rootBlockDevice.tags" }]
      : []),
  ],
  make: async (cloud, inputs) => {
    const root = inputs.rootBlockDevice;
    const [image] = root ? ((await cloud.ec2.describeImages({ ImageIds: [inputs.ami!] })).Images ?? []) : [];
    const made = await cloud.ec2.runInstances({
      MinCount: 1,
      MaxCount: 1,
      ImageId: inputs.ami,
      InstanceType: inputs.instanceType as "t3.xlarge",
      KeyName: inputs.keyName,
      SubnetId: inputs.subnetId,
      SecurityGroupIds: inputs.vpcSecurityGroupIds,
      PrivateIpAddress: inputs.privateIp,
      IamInstanceProfile:
        inputs.iamInstanceProfile === undefined ? undefined : { Name: inputs.iamInstanceProfile as string },
      MetadataOptions: inputs.metadataOptions && metadata(inputs.metadataOptions),
      UserData: userDataOf(inputs),
      BlockDeviceMappings: root && [
        {
          DeviceName: image?.RootDeviceName ?? "/dev/sda1",
          Ebs: {
            VolumeType: root.volumeType as "gp3",
            VolumeSize: root.volumeSize,
            Encrypted: root.encrypted,
            DeleteOnTermination: root.deleteOnTermination ?? true,
          },
        },
      ],
      TagSpecifications: [
        ...(cloud.specifications("instance", inputs.tags).TagSpecifications ?? []),
        // Those of `rootBlockDevice` come after the launch, as with the official provider.
        ...(inputs.volumeTags ? (cloud.specifications("volume", inputs.volumeTags).TagSpecifications ?? []) : []),
      ],
    });
    return made.Instances![0]!.InstanceId!;
  },
  adjust: async (cloud, InstanceId, inputs, state, subject) => {
    const { ec2 } = cloud;
    if (state.ami === undefined) return tagRoot(cloud, InstanceId, inputs.rootBlockDevice?.tags);
    for (const property of ["metadataOptions", "iamInstanceProfile", "volumeTags"] as const) {
      const before = state[property];
      if (before !== undefined && !isDeepStrictEqual(before, inputs[property]))
        throw new NotServed("aws", `a change of ${property} of a running instance`);
    }
    await adjustRoot(ec2, InstanceId, inputs.rootBlockDevice, state.rootBlockDevice);
    const groups = inputs.vpcSecurityGroupIds;
    if (groups && !isDeepStrictEqual([...groups].sort(), [...(state.vpcSecurityGroupIds ?? [])].sort()))
      await ec2.modifyInstanceAttribute({ InstanceId, Groups: groups });
    const isNewType = inputs.instanceType !== state.instanceType;
    const data = userDataOf(inputs) ?? "";
    const isNewData = data !== (userDataOf(state as Plain<InstanceArgs>) ?? "");
    if (!isNewType && !isNewData) return;
    // Both can only be changed while it is off.
    await ec2.stopInstances({ InstanceIds: [InstanceId] });
    await until(
      `stop of ${InstanceId}`,
      async () => (await stateOf(ec2, InstanceId)) === "stopped" || undefined,
      subject,
    );
    if (isNewType) await ec2.modifyInstanceAttribute({ InstanceId, InstanceType: { Value: inputs.instanceType } });
    if (isNewData) await ec2.modifyInstanceAttribute({ InstanceId, UserData: { Value: Buffer.from(data, "base64") } });
    await ec2.startInstances({ InstanceIds: [InstanceId] });
  },
  settle: async ({ ec2 }, id, subject) => {
    const look = async () => {
      const state = await stateOf(ec2, id);
      if (state === "running") return true;
      if (state !== "pending" && state !== "stopped")
        throw new Error(`instance ${id} is ${state ?? "gone"} instead of running`);
      return undefined;
    };
    await until(`start of ${id}`, look, subject);
  },
  describe: async (cloud, id) => {
    const found = await describeInstance(cloud.ec2, id);
    if (found === undefined || found.State?.Name === "terminated") return undefined;
    return { state: await instanceState(cloud, id, found), tags: found.Tags };
  },
  remove: async ({ ec2 }, id, _state, subject) => {
    await unlessGone(ec2.terminateInstances({ InstanceIds: [id] }));
    const isGone = async () => [undefined, "terminated"].includes(await stateOf(ec2, id)) || undefined;
    await until(`termination of ${id}`, isGone, subject);
  },
});

async function tagRoot(cloud: Cloud, id: string, tags: Record<string, string> | undefined): Promise<void> {
  if (tags !== undefined) await cloud.retag(rootOf(await describeInstance(cloud.ec2, id))!, undefined, tags);
}

function rootOf(found: LiveInstance | undefined): string | undefined {
  return found?.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === found.RootDeviceName)?.Ebs?.VolumeId;
}

/** Size and kind of the disk change while the machine runs. */
async function adjustRoot(
  ec2: Cloud["ec2"],
  id: string,
  root: Plain<InstanceArgs>["rootBlockDevice"],
  before: Plain<InstanceArgs>["rootBlockDevice"],
): Promise<void> {
  if (before === undefined || isDeepStrictEqual(before, root)) return;
  const changed = { ...before, volumeSize: root?.volumeSize, volumeType: root?.volumeType };
  if (!isDeepStrictEqual(changed, root))
    throw new NotServed("aws", "such a change of the root disk of a running instance");
  await ec2.modifyVolume({
    VolumeId: rootOf(await describeInstance(ec2, id)),
    Size: root?.volumeSize,
    VolumeType: root?.volumeType as "gp3" | undefined,
  });
}

function userDataOf({ userData, userDataBase64 }: Plain<InstanceArgs>): string | undefined {
  return userDataBase64 ?? (userData === undefined ? undefined : Buffer.from(userData).toString("base64"));
}

async function describeInstance(ec2: Cloud["ec2"], id: string): Promise<LiveInstance | undefined> {
  return (await unlessGone(ec2.describeInstances({ InstanceIds: [id] })))?.Reservations?.[0]?.Instances?.[0];
}

async function stateOf(ec2: Cloud["ec2"], id: string): Promise<string | undefined> {
  return (await describeInstance(ec2, id))?.State?.Name;
}

async function instanceState(cloud: Cloud, id: string, found: LiveInstance): Promise<Plain<InstanceState>> {
  return {
    ami: found.ImageId,
    arn: await cloud.arn("instance", id),
    availabilityZone: found.Placement?.AvailabilityZone,
    iamInstanceProfile: found.IamInstanceProfile?.Arn?.split("/").at(-1),
    instanceState: found.State?.Name,
    instanceType: found.InstanceType,
    keyName: found.KeyName,
    primaryNetworkInterfaceId: found.NetworkInterfaces?.[0]?.NetworkInterfaceId,
    privateDns: found.PrivateDnsName,
    privateIp: found.PrivateIpAddress,
    publicDns: found.PublicDnsName ?? "",
    publicIp: found.PublicIpAddress ?? "",
    region: cloud.region,
    subnetId: found.SubnetId,
    vpcSecurityGroupIds: found.SecurityGroups?.map(({ GroupId }) => GroupId!),
  };
}

export const machineResources = {
  "aws:ec2/instance:Instance": instance,
  "aws:ec2/launchTemplate:LaunchTemplate": launchTemplate,
};
