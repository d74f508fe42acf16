import { getCallerIdentity } from "@pulumi/aws/getCallerIdentity";
import { getDefaultTags } from "@pulumi/aws/getDefaultTags";
import { getRegion } from "@pulumi/aws/getRegion";
import { Provider } from "@pulumi/aws/provider";
import type { AwsProviderConfig } from "../../sdk/aws/config";
import { regionProblem } from "../../sdk/aws/regions";
import { Provider as GpuClusters } from "../../sdk/provider-resource";
import { messageOf } from "../../sdk/message";
import * as pulumi from "../../sdk/pulumi";
import { checked, ClusterCouldNotBeDeployed, InvalidInput } from "../errors";
import type { AwsClusterArgs } from "./args";
import { awsRegion } from "./region";
import { checkTags, configuredTags, type DefaultTags } from "./tags";

/** By whose type a provider of AWS is found. */
const anyOfAws = "aws:ec2/vpc:Vpc";

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
  const tags = configuredTags();
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

/** Whether the stack's configuration says where the cluster is, and nothing nearer does. */
export function usesStackAccount({ region }: Account, options: pulumi.ComponentResourceOptions | undefined): boolean {
  return region == null && !namesProvider(options);
}

function namesProvider({ provider, providers, parent }: pulumi.ComponentResourceOptions = {}): boolean {
  return Boolean(provider ?? providers ?? parent?.getProvider(anyOfAws));
}

/** As far as they are known without asking: what a program's own provider has, it alone knows. */
export function stackDefaultTags(
  { region, cloudAccount }: Account,
  options: pulumi.ComponentResourceOptions | undefined,
): DefaultTags | undefined {
  return region == null && cloudAccount == null && namesProvider(options) ? undefined : fromConfig();
}

function fromConfig(): DefaultTags {
  return { from: "aws:defaultTags", tags: configuredTags() };
}

/** Where and as whom AWS is asked: the same for both providers. */
export interface AwsAccount {
  /** Of the AWS provider. Undefined: the one that the component inherits. */
  aws: Provider | undefined;
  /** Of this package's. Undefined: the one that the component inherits. */
  own: GpuClusters | undefined;
  /** What the AWS provider says of itself. */
  seen: pulumi.Output<{ accountId: string; region: string }>;
  /** What the AWS provider puts on all that it makes itself: it knows nothing of what others make for the cluster, machines first of all. */
  defaultTags: pulumi.Output<Record<string, string>>;
}

const unknownAccount = pulumi.unknown as unknown as { accountId: string; region: string };

/** What the AWS provider says of itself: of it alone it is known what it has from the environment and from profiles. */
function seenAccount(said: pulumi.Input<string | undefined>, options: pulumi.InvokeOptions): AwsAccount["seen"] {
  return pulumi.output(said).apply(async (said) => {
    const noRegion = said === undefined ? undefined : regionProblem(said);
    if (noRegion !== undefined)
      throw new InvalidInput("AwsCluster", [{ propertyPath: "region of the AWS provider", reason: noRegion }]);
    try {
      const [{ accountId }, { region }] = await Promise.all([getCallerIdentity({}, options), getRegion({}, options)]);
      // At a preview, the engine gives nothing for a provider that waits for what is still to be made: the role that it assumes.
      return (accountId as string | undefined) === undefined ? unknownAccount : { accountId, region };
    } catch (error) {
      const [where, why] = [said === undefined ? "" : ` in the region "${said}"`, messageOf(error)];
      throw new ClusterCouldNotBeDeployed(
        `AWS does not say whose the credentials are${where}. Is the region right, and are the credentials? ${why}`,
      );
    }
  });
}

/**
 * One account from all that can name it: the component's arguments, else an explicit provider of AWS, else the stack's configuration of AWS;
 * `gpu-clusters:aws` need not say it again. Where it does, or the component has an explicit provider of this package, `AccountReady` compares.
 */
export function awsAccount(
  name: string,
  args: Account & Pick<AwsClusterArgs, "tags">,
  parent: pulumi.Resource,
): AwsAccount {
  const inherited = parent.getProvider(anyOfAws);
  const stacks = new pulumi.Config("gpu-clusters").getObject<AwsProviderConfig>("aws") ?? {};
  const configured = new pulumi.Config("aws");
  const { cloudAccount, region = cloudAccount && configured.get("region") } = args;
  const aws = accountProvider(`${name}-aws`, { region, cloudAccount }, { parent });
  const options = { parent, ...((aws ?? inherited) && { provider: aws ?? inherited }) };
  const { region: inheritedRegion } = (inherited ?? {}) as { region?: pulumi.Output<string | undefined> };
  const seen = seenAccount((aws ?? !inherited) ? (region ?? awsRegion()) : inheritedRegion, options);
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
              region: region ?? seen.region,
              ...(aws !== undefined || inherited === undefined ? configuredProfile() : {}),
              ...(cloudAccount && { assumeRole: cloudAccount }),
            },
          },
          { parent },
        );
  const told = aws === undefined && inherited !== undefined;
  const defaultTags = seen.apply(async () => {
    const found = told
      ? { from: "defaultTags of the AWS provider", tags: (await getDefaultTags({}, options)).tags }
      : fromConfig();
    return checked("AwsCluster", found.tags, (problems) => checkTags(args.tags, problems, found));
  });
  // Nothing is made before it is known, so that nothing is with tags that some service refuses.
  return { aws, own, seen: pulumi.all([seen, defaultTags]).apply(([account]) => account), defaultTags };
}
