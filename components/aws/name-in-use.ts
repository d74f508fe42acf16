import { messageOf } from "../../sdk/message";
import * as pulumi from "../../sdk/pulumi";
import { getSecurityGroups } from "@pulumi/aws/ec2/getSecurityGroups";
import { ClusterCouldNotBeDeployed, ClusterNameInUse } from "../errors";
import { clusterTag, stackTag } from "./tags";

/** What marks a cluster's things as this stack's. */
export function thisStack(): string {
  return `${pulumi.getProject()}/${pulumi.getStack()}`;
}

/**
 * Looks whether another stack has a cluster of this name in the region: every cluster has security groups with its tag. Throws
 * `ClusterNameInUse`, or `ClusterCouldNotBeDeployed` where the account does not let itself be asked.
 */
export async function requireFreeName(clusterName: string, options: pulumi.InvokeOptions): Promise<void> {
  const anyStack = { [clusterTag]: clusterName };
  const named = { ...anyStack, [stackTag]: thisStack() };
  const found = async (tags: Record<string, string>) => (await getSecurityGroups({ tags }, options)).ids;
  const [all, own] = await Promise.all([found(anyStack), found(named)]).catch((error: unknown) => {
    throw new ClusterCouldNotBeDeployed(
      `the account could not be asked for clusters of the same name: ${messageOf(error)}`,
    );
  });
  const others = all.filter((id) => !own.includes(id));
  if (others.length === 0) return;
  // A program knows nothing of its stack's state, and so not that it has made them.
  const renamed = `where they are of this stack by an earlier name, set their tag ${stackTag} to ${thisStack()}`;
  throw new ClusterNameInUse(clusterName, `with the security groups ${others.join(", ")}; ${renamed}`);
}
