import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import { Provider } from "@pulumi/aws/provider";
import type { AwsProviderConfig } from "../../sdk/aws/config";
import { meantRegion } from "../../sdk/aws/regions";
import { Provider as GpuClusters } from "../../sdk/provider-resource";
import * as pulumi from "../../sdk/pulumi";
import { ClusterCouldNotBeDeployed } from "../errors";
import type { AwsClusterArgs } from "./args";
import { awsRegion } from "./region";
import { defaultTags } from "./tags";

type Account = Pick<AwsClusterArgs, "region" | "cloudAccount">;

/** Throws `ClusterCouldNotBeDeployed` for an account that cannot be entered. */
export function checkAccount({ cloudAccount }: Account): void {
  if (cloudAccount && !cloudAccount.roleArn) {
    throw new ClusterCouldNotBeDeployed("the cloud account has no role ARN: without a role, nothing can be made in it");
  }
}

/** Whose credentials the stack's AWS provider uses. */
function configuredProfile(): { profile?: string } {
  const profile = new pulumi.Config("aws").get("profile");
  return profile === undefined ? {} : { profile };
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
      ...configuredProfile(),
      ...(cloudAccount && { assumeRoles: [cloudAccount] }),
      // A provider of one's own has nothing of the stack's.
      ...(Object.keys(tags).length > 0 && { defaultTags: { tags } }),
    },
    options,
  );
}

/** Where and as whom AWS is asked: the same for both providers. */
export interface AwsAccount {
  /** Of the AWS provider. Undefined: the one that the component inherits. */
  aws: Provider | undefined;
  /** Of this package's. Undefined: the one that the component inherits. */
  own: GpuClusters | undefined;
  /** What the AWS provider says of itself. */
  seen: pulumi.Output<{ accountId: string; region: string }>;
}

/** The AWS provider says of such a region only that it does not answer. Whether it is one AWS says (`AccountReady`): a new one may have any name. */
async function warnOfSpelling(region: string | undefined): Promise<void> {
  const meant = region === undefined ? undefined : meantRegion(region);
  if (meant !== undefined) await pulumi.log.warn(`the AWS region "${region}" looks misspelt: did you mean "${meant}"?`);
}

/**
 * One account from all that can name it: the component's arguments, else an explicit provider of AWS, else the stack's configuration of AWS;
 * `gpu-clusters:aws` need not say it again. Where it does, or the component has an explicit provider of this package, `AccountReady` compares.
 */
export function awsAccount(name: string, args: Account, parent: pulumi.Resource): AwsAccount {
  const inherited = parent.getProvider("aws:ec2/vpc:Vpc");
  const stacks = new pulumi.Config("gpu-clusters").getObject<AwsProviderConfig>("aws") ?? {};
  const configured = new pulumi.Config("aws");
  const { cloudAccount, region = cloudAccount && configured.get("region") } = args;
  const aws = accountProvider(`${name}-aws`, { region, cloudAccount }, { parent });
  const options = { parent, ...((aws ?? inherited) && { provider: aws ?? inherited }) };
  if (aws !== undefined || inherited === undefined) void warnOfSpelling(region ?? awsRegion());
  const { accountId } = getCallerIdentityOutput({}, options);
  const { region: seenRegion } = getRegionOutput({}, options);
  const said =
    parent.getProvider("gpu-clusters:aws:NodeGroup") !== undefined ||
    (inherited === undefined && stacks.region !== undefined);
  const own =
    aws === undefined && said
      ? undefined
      : new GpuClusters(
          `${name}-gpu-clusters`,
          {
            aws: {
              ...stacks,
              region: region ?? seenRegion,
              ...(aws !== undefined || inherited === undefined ? configuredProfile() : {}),
              ...(cloudAccount && { assumeRole: cloudAccount }),
            },
          },
          { parent },
        );
  return { aws, own, seen: pulumi.output({ accountId, region: seenRegion }) };
}
