import { FileSystem } from "@pulumi/aws/efs/fileSystem";
import { MountTarget } from "@pulumi/aws/efs/mountTarget";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule";
import * as pulumi from "../../sdk/pulumi";
import type { AddOn } from "../addons/add-on";
import { efsStorage } from "../addons/shared-storage/efs";
import { knownElements } from "../inputs";
import type { Access } from "./access";
import type { AwsClusterArgs, AwsSharedStorageArgs } from "./args";
import { securityGroupName } from "./names";
import type { AwsNetwork } from "./network";
import { zoneCount } from "./network-shape";
import { awsRegion } from "./region";
import { withTags, type Tags } from "./tags";

const nfsPort = 2049;

/** Encrypted, and as fast as it is asked for. What is in it is lost with it, so that Pulumi deletes and replaces it only once it is told to. */
export function sharedFileSystem(
  name: string,
  { protect = true }: AwsSharedStorageArgs,
  { base, tags }: { base: string; tags: Tags },
  child: pulumi.CustomResourceOptions,
): FileSystem {
  return new FileSystem(
    `${name}-files`,
    { encrypted: true, throughputMode: "elastic", tags: withTags(tags, { Name: `${base}-files` }) },
    // Encryption and the kind of performance cannot be changed; neither is a reason to begin with an empty one.
    { ...child, protect, ignoreChanges: ["encrypted", "performanceMode", "kmsKeyId", "creationToken"] },
  );
}

export interface FilesPlace {
  base: string;
  tags: Tags;
  network: AwsNetwork;
  access: Access;
  fileSystem: FileSystem;
}

/** A way to the file system in each zone that has nodes, for the cluster's machines alone, and what makes volumes of it. */
export function sharedFiles(
  name: string,
  args: AwsClusterArgs,
  { base, tags, network, access, fileSystem }: FilesPlace,
  child: pulumi.CustomResourceOptions,
): AddOn {
  const physical = securityGroupName(base, "files");
  const group = new SecurityGroup(
    `${name}-files-access`,
    {
      name: physical,
      description: "Shared files of a Kubernetes cluster",
      vpcId: network.vpcId,
      tags: withTags(tags, { Name: physical }),
    },
    child,
  );
  const rule = new SecurityGroupIngressRule(
    `${name}-files-from-nodes`,
    {
      securityGroupId: group.id,
      ipProtocol: "tcp",
      fromPort: nfsPort,
      toPort: nfsPort,
      referencedSecurityGroupId: access.nodes,
      tags,
    },
    child,
  );
  const targets = Array.from(
    { length: subnetCount(args) },
    (_, index) =>
      new MountTarget(
        `${name}-files-${index + 1}`,
        {
          fileSystemId: fileSystem.id,
          subnetId: network.subnetIds.apply((ids) => ids[index]!),
          securityGroups: [group.id],
        },
        { ...child, dependsOn: [rule] },
      ),
  );
  return efsStorage({ fileSystemId: fileSystem.id, ready: targets });
}

/** Known without asking AWS: `validate.ts` sees to it. */
function subnetCount({ network = {}, region }: AwsClusterArgs): number {
  return knownElements(network.subnetIds)?.length ?? zoneCount({ zones: network.zones, region: region ?? awsRegion() });
}
