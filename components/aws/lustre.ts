import { LustreFileSystem } from "@pulumi/aws/fsx/lustreFileSystem";
import type { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { SecurityGroupEgressRule } from "@pulumi/aws/vpc/securityGroupEgressRule";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule";
import * as pulumi from "../../sdk/pulumi";
import type { NodeDocument } from "../../bootstrap/document";
import { fileShareStorage } from "../addons/shared-storage/file-share";
import { tellNeeds } from "../addons/chart";
import { ifThere } from "../left-out";
import type { AwsLustreArgs } from "./args";
import { lustreThroughputs } from "./lustre-checks";
import type { FilesPlace, SharedFiles } from "./shared-files";
import { withTags, type Tags } from "./tags";

const path = "/mnt/shared";
/** As bootstrap/scripts/lustre.sh has it. */
const clientRepository = "fsx-lustre-client-repo.s3.amazonaws.com";

/** Servers and clients speak to each other, and servers among themselves. Reference: FSx for Lustre user guide, "File system access control with Amazon VPC". */
const ports = [
  [988, 988],
  [1018, 1023],
] as const;

/** Where the files are, and where nodes have them. */
export type Mount = NonNullable<NodeDocument["lustre"]>;

/** A file system in the first of the nodes' subnets, which nodes mount before they join, and what makes directories of it for claims. */
export function lustreFiles(
  name: string,
  { sizeGib, throughput, deploymentType = "PERSISTENT_2", protect }: AwsLustreArgs & { protect: boolean },
  { base, tags, network, access, group }: FilesPlace & { group: SecurityGroup },
  child: pulumi.CustomResourceOptions,
): SharedFiles {
  const need = `Shared storage: FSx for Lustre, whose client nodes install from ${clientRepository} unless their image has it; nodes fetch from docker.io`;
  tellNeeds([need], child.parent);
  const files = new LustreFileSystem(
    `${name}-files`,
    {
      deploymentType,
      storageType: "SSD",
      storageCapacity: sizeGib,
      perUnitStorageThroughput: throughput ?? lustreThroughputs[deploymentType][0],
      fileSystemTypeVersion: "2.15",
      subnetIds: network.subnetIds.apply((ids) => ifThere(ids)[0]!),
      securityGroupIds: [group.id],
      tags: withTags(tags, { Name: `${base}-files` }),
    },
    {
      ...child,
      protect,
      // FSx refuses a file system whose group does not let its servers speak.
      dependsOn: lustreRules(name, { files: group.id, nodes: access.nodes, tags }, child),
      // None of them can be changed, and none is a reason to begin with an empty one; another deploymentType is refused.
      ignoreChanges: ["subnetIds", "securityGroupIds", "fileSystemTypeVersion", "kmsKeyId", "storageType"],
    },
  );
  return {
    addOn: fileShareStorage({ path, ready: [files], onGroups: true }),
    mount: pulumi
      .all([files.dnsName, files.mountName])
      .apply(([host, share]) => ({ source: `${host}@tcp:/${share}`, path })),
  };
}

function lustreRules(
  name: string,
  { files, nodes, tags }: { files: pulumi.Input<string>; nodes: pulumi.Input<string>; tags: Tags },
  child: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const kinds = [
    ["files-from-nodes", SecurityGroupIngressRule, files, nodes],
    ["files-among-themselves", SecurityGroupIngressRule, files, files],
    ["files-to-nodes", SecurityGroupEgressRule, files, nodes],
    ["files-to-themselves", SecurityGroupEgressRule, files, files],
    ["nodes-from-files", SecurityGroupIngressRule, nodes, files],
  ] as const;
  return kinds.flatMap(([part, Rule, securityGroupId, referencedSecurityGroupId]) =>
    ports.map(
      ([fromPort, toPort]) =>
        new Rule(
          `${name}-${part}-${fromPort}`,
          { securityGroupId, referencedSecurityGroupId, ipProtocol: "tcp", fromPort, toPort, tags },
          child,
        ),
    ),
  );
}
