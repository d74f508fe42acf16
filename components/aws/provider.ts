import { Provider } from "@pulumi/aws/provider";
import type { AwsConnection } from "../../sdk/aws/config";
import { Provider as GpuClusters } from "../../sdk/provider-resource";
import * as pulumi from "../../sdk/pulumi";
import { ClusterCouldNotBeDeployed } from "../errors";
import type { AwsClusterArgs } from "./args";
import { defaultTags } from "./tags";

type Account = Pick<AwsClusterArgs, "region" | "cloudAccount">;

/** Throws `ClusterCouldNotBeDeployed` for an account that cannot be entered. */
export function checkAccount({ cloudAccount }: Account): void {
  if (cloudAccount && !cloudAccount.roleArn) {
    throw new ClusterCouldNotBeDeployed("the cloud account has no role ARN: without a role, nothing can be made in it");
  }
}

/** A provider of the cluster's own, where it is to be in another region or account than the program's. */
export function accountProvider(
  name: string,
  { region, cloudAccount }: Account,
  options: pulumi.ResourceOptions,
): Provider | undefined {
  if (region === undefined && cloudAccount === undefined) return undefined;
  const regions = region === undefined ? {} : { region: region as never };
  const tags = defaultTags();
  return new Provider(
    name,
    {
      ...regions,
      ...(cloudAccount && { assumeRoles: [cloudAccount] }),
      // A provider of one's own has nothing of the stack's.
      ...(Object.keys(tags).length > 0 && { defaultTags: { tags } }),
    },
    options,
  );
}

/** The same for resources of this package; the rest of its configuration is the stack's. */
export function ownProvider(name: string, account: Account, options: pulumi.ResourceOptions): GpuClusters | undefined {
  const connection = accountConnection(account);
  if (connection === undefined) return undefined;
  const configured = new pulumi.Config("gpu-clusters").getObject<AwsConnection>("aws");
  return new GpuClusters(name, { aws: { ...configured, ...connection } }, options);
}

/** The same for resources of this package. */
export function accountConnection({ region, cloudAccount }: Account): AwsConnection | undefined {
  if (region === undefined && cloudAccount === undefined) return undefined;
  return { ...(region && { region }), ...(cloudAccount && { assumeRole: cloudAccount }) };
}
