import { FileSystem } from "@pulumi/aws/efs/fileSystem";
import { MountTarget } from "@pulumi/aws/efs/mountTarget";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule";
import * as pulumi from "../../sdk/pulumi";
import type { AddOn } from "../addons/add-on";
import { efsStorage } from "../addons/shared-storage/efs";
import { knownElements } from "../inputs";
import { ifThere } from "../left-out";
import type { Access } from "./access";
import type { AwsClusterArgs, AwsSharedStorageArgs } from "./args";
import { lustreFiles, type Mount } from "./lustre";
import { securityGroupName } from "./names";
import type { AwsNetwork } from "./network";
import { zoneCount } from "./network-shape";
import { awsRegion } from "./region";
import { clusterTag, withTags, type Tags } from "./tags";

const nfsPort = 2049;

export interface FilesPlace {
  clusterName: string;
  base: string;
  tags: Tags;
  /** Of the AWS provider, which knows nothing of what drivers make. */
  defaultTags: pulumi.Output<Record<string, string>>;
  network: AwsNetwork;
  access: Access;
}

/** Files of the cluster's own that many nodes reach. */
export interface SharedFiles {
  /** What makes volumes of them. */
  addOn: AddOn;
  /** ARN of the file system that the nodes' role may make volumes in. */
  volumesIn?: pulumi.Output<string>;
  /** What nodes' documents say of them. */
  mount?: pulumi.Output<Mount>;
}

/** A file system of the kind that was asked for. What is in it is lost with it, so that Pulumi deletes and replaces it only once it is told to. */
export function sharedFiles(
  name: string,
  args: AwsClusterArgs & { sharedStorage: AwsSharedStorageArgs },
  place: FilesPlace,
  child: pulumi.CustomResourceOptions,
): SharedFiles {
  const { lustre, protect = true } = args.sharedStorage;
  const group = filesGroup(name, place, child);
  return lustre
    ? lustreFiles(name, { ...lustre, protect }, { ...place, group }, child)
    : efsFiles(name, { subnets: subnetCount(args), protect }, { ...place, group }, child);
}

/** Of the ways to the files. */
function filesGroup(
  name: string,
  { base, tags, network }: FilesPlace,
  child: pulumi.CustomResourceOptions,
): SecurityGroup {
  const physical = securityGroupName(base, "files");
  return new SecurityGroup(
    `${name}-files-access`,
    {
      name: physical,
      description: "Shared files of a Kubernetes cluster",
      vpcId: network.vpcId,
      tags: withTags(tags, { Name: physical }),
    },
    child,
  );
}

/** Encrypted, and as fast as it is asked for. */
function efsFileSystem(
  name: string,
  protect: boolean,
  { base, tags }: FilesPlace,
  child: pulumi.CustomResourceOptions,
): FileSystem {
  return new FileSystem(
    `${name}-files`,
    { encrypted: true, throughputMode: "elastic", tags: withTags(tags, { Name: `${base}-files` }) },
    // Encryption and the kind of performance cannot be changed; neither is a reason to begin with an empty one.
    { ...child, protect, ignoreChanges: ["encrypted", "performanceMode", "kmsKeyId", "creationToken"] },
  );
}

/** A way to the file system in each zone that has nodes, for the cluster's machines alone. */
function efsFiles(
  name: string,
  { subnets, protect }: { subnets: number; protect: boolean },
  { group, ...place }: FilesPlace & { group: SecurityGroup },
  child: pulumi.CustomResourceOptions,
): SharedFiles {
  const { tags, network, access } = place;
  const fileSystem = efsFileSystem(name, protect, place, child);
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
    { length: subnets },
    (_, index) =>
      new MountTarget(
        `${name}-files-${index + 1}`,
        {
          fileSystemId: fileSystem.id,
          subnetId: network.subnetIds.apply((ids) => ifThere(ids)[index]!),
          securityGroups: [group.id],
        },
        { ...child, dependsOn: [rule] },
      ),
  );
  return {
    addOn: efsStorage({
      fileSystemId: fileSystem.id,
      mark: { key: clusterTag, value: place.clusterName },
      tags: withTags(place.defaultTags, tags),
      ready: targets,
    }),
    volumesIn: fileSystem.arn,
  };
}

/** Known without asking AWS: `validate.ts` sees to it. */
function subnetCount({ network = {}, region }: AwsClusterArgs): number {
  return knownElements(network.subnetIds)?.length ?? zoneCount({ zones: network.zones, region: region ?? awsRegion() });
}
