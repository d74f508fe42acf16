/** `aws:fsx/lustreFileSystem:LustreFileSystem`. */
import type { LustreFileSystemArgs, LustreFileSystemState } from "@pulumi/aws/fsx/lustreFileSystem";
import { unlessGone } from "../../provider/aws/errors";
import { until, type Cloud } from "./cloud";
import { ec2Object } from "./ec2-object";
import { withIamTags } from "./identity";

async function described({ fsx }: Cloud, id: string) {
  return (await unlessGone(fsx.describeFileSystems({ FileSystemIds: [id] })))?.FileSystems?.[0];
}

const arnOf = async (cloud: Cloud, id: string) => (await described(cloud, id))!.ResourceARN!;

const fileSystem = withIamTags(
  ec2Object<LustreFileSystemArgs, LustreFileSystemState>({
    inputs: [
      ...(["deploymentType", "fileSystemTypeVersion", "perUnitStorageThroughput", "storageCapacity"] as const),
      ...(["securityGroupIds", "storageType", "subnetIds"] as const),
    ],
    required: ["subnetIds"],
    chosen: ["fileSystemTypeVersion", "storageType"],
    replaceOn: ["deploymentType", "securityGroupIds", "storageType", "subnetIds"],
    make: async (cloud, inputs) => {
      const made = await cloud.fsx.createFileSystem({
        FileSystemType: "LUSTRE",
        FileSystemTypeVersion: inputs.fileSystemTypeVersion,
        StorageCapacity: inputs.storageCapacity,
        StorageType: inputs.storageType as "SSD",
        SubnetIds: [inputs.subnetIds],
        SecurityGroupIds: inputs.securityGroupIds as string[] | undefined,
        Tags: cloud.tagList(inputs.tags),
        LustreConfiguration: {
          DeploymentType: inputs.deploymentType as "PERSISTENT_2",
          PerUnitStorageThroughput: inputs.perUnitStorageThroughput,
        },
      });
      return made.FileSystem!.FileSystemId!;
    },
    adjust: async ({ fsx }, FileSystemId, { storageCapacity, perUnitStorageThroughput }, state) => {
      if (state.deploymentType === undefined) return;
      const grows = storageCapacity !== state.storageCapacity;
      const hastens = perUnitStorageThroughput !== state.perUnitStorageThroughput;
      if (!grows && !hastens) return;
      await fsx.updateFileSystem({
        FileSystemId,
        ...(grows && { StorageCapacity: storageCapacity }),
        ...(hastens && { LustreConfiguration: { PerUnitStorageThroughput: perUnitStorageThroughput } }),
      });
    },
    settle: async (cloud, id, subject) => {
      const look = async () => {
        const found = await described(cloud, id);
        if (found?.Lifecycle === "FAILED") throw new Error(`file system ${id}: ${found.FailureDetails?.Message}`);
        return found?.Lifecycle === "AVAILABLE" ? found : undefined;
      };
      await until(`file system ${id}`, look, subject);
    },
    describe: async (cloud, id) => {
      const found = await described(cloud, id);
      if (found === undefined) return undefined;
      const { LustreConfiguration: lustre = {} } = found;
      const state = {
        arn: found.ResourceARN,
        deploymentType: lustre.DeploymentType,
        dnsName: found.DNSName,
        fileSystemTypeVersion: found.FileSystemTypeVersion,
        mountName: lustre.MountName,
        networkInterfaceIds: found.NetworkInterfaceIds,
        perUnitStorageThroughput: lustre.PerUnitStorageThroughput,
        region: cloud.region,
        storageCapacity: found.StorageCapacity,
        storageType: found.StorageType,
        subnetIds: found.SubnetIds?.[0],
      };
      return { state };
    },
    remove: async (cloud, FileSystemId, _state, subject) => {
      await unlessGone(cloud.fsx.deleteFileSystem({ FileSystemId }));
      // Its interface holds on to the subnet until then.
      const look = async () => (await described(cloud, FileSystemId)) === undefined || undefined;
      await until(`file system ${FileSystemId} to go`, look, subject);
    },
  }),
  {
    list: async (cloud, id) => (await described(cloud, id))?.Tags,
    set: async (cloud, id, Tags) => cloud.fsx.tagResource({ ResourceARN: await arnOf(cloud, id), Tags }),
    unset: async (cloud, id, TagKeys) => cloud.fsx.untagResource({ ResourceARN: await arnOf(cloud, id), TagKeys }),
  },
);

export const lustreResources = { "aws:fsx/lustreFileSystem:LustreFileSystem": fileSystem };
