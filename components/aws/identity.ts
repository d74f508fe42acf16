import * as pulumi from "../../sdk/pulumi";
import { InstanceProfile } from "@pulumi/aws/iam/instanceProfile";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import { awsName, longestNames } from "./names";
import { instanceTrust, type PolicyDocument } from "./policies";
import { partitionOf } from "./partitions";
import type { Tags } from "./tags";

export interface MachineIdentity {
  roleArn: pulumi.Output<string>;
  profileName: pulumi.Output<string>;
  /** What machines need before they boot: a role without its policies would let the first requests fail. */
  ready: pulumi.Resource[];
}

export interface IdentityOptions {
  /** Prefix and cluster. */
  base: string;
  region: pulumi.Input<string>;
  /** Of the physical names: `node-role`, `instance-profile`. */
  names: { role: string; profile: string };
  policy: pulumi.Input<PolicyDocument>;
  permissionsBoundary: pulumi.Input<string> | undefined;
  tags: Tags;
}

/** A role for machines with its policy, and an instance profile that carries it. */
export function machineIdentity(
  name: string,
  options: IdentityOptions,
  child: pulumi.CustomResourceOptions,
): MachineIdentity {
  const role = new Role(
    `${name}-role`,
    {
      name: awsName(options.base, options.names.role, longestNames.role),
      assumeRolePolicy: pulumi
        .output(options.region)
        .apply((region) => JSON.stringify(instanceTrust(partitionOf(region)))),
      permissionsBoundary: options.permissionsBoundary,
      tags: options.tags,
    },
    child,
  );
  const policy = new RolePolicy(
    `${name}-policy`,
    {
      name: "gpu-clusters",
      role: role.name,
      policy: pulumi.output(options.policy).apply((document) => JSON.stringify(document)),
    },
    child,
  );
  const profile = new InstanceProfile(
    `${name}-profile`,
    {
      name: awsName(options.base, options.names.profile, longestNames.instanceProfile),
      role: role.name,
      tags: options.tags,
    },
    child,
  );
  return { roleArn: role.arn, profileName: profile.name, ready: [policy, profile] };
}
