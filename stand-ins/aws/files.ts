/** `aws:efs/fileSystem:FileSystem` and `mountTarget`. */
import type { FileSystemArgs, FileSystemState } from "@pulumi/aws/efs/fileSystem";
import type { MountTargetArgs, MountTargetState } from "@pulumi/aws/efs/mountTarget";
import { unlessGone } from "../../provider/aws/errors";
import { until } from "./cloud";
import { ec2Object } from "./ec2-object";
import { withIamTags } from "./identity";

const fileSystem = withIamTags(
  ec2Object<FileSystemArgs, FileSystemState>({
    inputs: ["creationToken", "encrypted", "performanceMode", "throughputMode"],
    autoname: { property: "creationToken", maxLength: 64 },
    chosen: ["performanceMode", "throughputMode"],
    replaceOn: ["creationToken", "encrypted", "performanceMode"],
    make: async (cloud, { creationToken, encrypted, performanceMode, throughputMode, tags }) => {
      const made = await cloud.efs.createFileSystem({
        CreationToken: creationToken!,
        Encrypted: encrypted,
        PerformanceMode: performanceMode as "generalPurpose",
        ThroughputMode: throughputMode as "elastic",
        Tags: cloud.tagList(tags),
      });
      return made.FileSystemId!;
    },
    adjust: async ({ efs }, FileSystemId, { throughputMode }, state) => {
      if (state.creationToken === undefined || throughputMode === undefined || throughputMode === state.throughputMode)
        return;
      await efs.updateFileSystem({ FileSystemId, ThroughputMode: throughputMode as "elastic" });
    },
    settle: async ({ efs }, FileSystemId, subject) => {
      const look = async () => {
        const found = (await efs.describeFileSystems({ FileSystemId })).FileSystems?.[0];
        return found?.LifeCycleState === "available" ? found : undefined;
      };
      await until(`file system ${FileSystemId}`, look, subject);
    },
    describe: async (cloud, FileSystemId) => {
      const found = (await unlessGone(cloud.efs.describeFileSystems({ FileSystemId })))?.FileSystems?.[0];
      if (found === undefined) return undefined;
      const state = {
        arn: found.FileSystemArn,
        creationToken: found.CreationToken,
        dnsName: `${FileSystemId}.efs.${cloud.region}.amazonaws.com`,
        encrypted: found.Encrypted,
        ownerId: found.OwnerId,
        performanceMode: found.PerformanceMode,
        throughputMode: found.ThroughputMode,
        region: cloud.region,
      };
      return { state };
    },
    remove: async ({ efs }, FileSystemId) => {
      await unlessGone(efs.deleteFileSystem({ FileSystemId }));
    },
  }),
  {
    list: async ({ efs }, ResourceId) => (await efs.listTagsForResource({ ResourceId })).Tags,
    set: ({ efs }, ResourceId, Tags) => efs.tagResource({ ResourceId, Tags }),
    unset: ({ efs }, ResourceId, TagKeys) => efs.untagResource({ ResourceId, TagKeys }),
  },
);

const mountTarget = ec2Object<MountTargetArgs, MountTargetState>({
  inputs: ["fileSystemId", "subnetId", "securityGroups"],
  required: ["fileSystemId", "subnetId"],
  chosen: ["securityGroups"],
  replaceOn: ["fileSystemId", "subnetId"],
  // A zone has one.
  deleteBeforeReplace: true,
  make: async ({ efs }, { fileSystemId, subnetId, securityGroups }) => {
    const made = await efs.createMountTarget({
      FileSystemId: fileSystemId,
      SubnetId: subnetId,
      SecurityGroups: securityGroups as string[] | undefined,
    });
    return made.MountTargetId!;
  },
  adjust: async ({ efs }, MountTargetId, { securityGroups }, state) => {
    if (state.fileSystemId === undefined || securityGroups === undefined) return;
    await efs.modifyMountTargetSecurityGroups({ MountTargetId, SecurityGroups: securityGroups as string[] });
  },
  settle: async ({ efs }, MountTargetId, subject) => {
    const look = async () => {
      const found = (await efs.describeMountTargets({ MountTargetId })).MountTargets?.[0];
      return found?.LifeCycleState === "available" ? found : undefined;
    };
    await until(`mount target ${MountTargetId}`, look, subject);
  },
  describe: async ({ efs, region }, MountTargetId) => {
    const found = (await unlessGone(efs.describeMountTargets({ MountTargetId })))?.MountTargets?.[0];
    if (found === undefined) return undefined;
    const { SecurityGroups } = await efs.describeMountTargetSecurityGroups({ MountTargetId });
    const state = {
      availabilityZoneId: found.AvailabilityZoneId,
      availabilityZoneName: found.AvailabilityZoneName,
      fileSystemId: found.FileSystemId,
      ipAddress: found.IpAddress,
      networkInterfaceId: found.NetworkInterfaceId,
      ownerId: found.OwnerId,
      securityGroups: SecurityGroups,
      subnetId: found.SubnetId,
      region,
    };
    return { state };
  },
  remove: async ({ efs }, MountTargetId, _state, subject) => {
    await unlessGone(efs.deleteMountTarget({ MountTargetId }));
    // Its interface holds on to the subnet until then.
    const look = async () => (await unlessGone(efs.describeMountTargets({ MountTargetId }))) === undefined || undefined;
    await until(`mount target ${MountTargetId} to go`, look, subject);
  },
});

export const fileResources = {
  "aws:efs/fileSystem:FileSystem": fileSystem,
  "aws:efs/mountTarget:MountTarget": mountTarget,
};
