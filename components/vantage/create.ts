import type * as pulumi from "../../sdk/pulumi";
import type { AwsCluster } from "../aws/cluster";
import type { CudoCluster } from "../cudo/cluster";
import { InvalidInput } from "../errors";
import { clusterArgs, type ClusterArgs, type MappingOptions } from "./mapping";
import type { CreateClusterRequest } from "./request";
import type { DeployerOptions, IdentityOptions } from "./services";

export interface CreateClusterOptions extends MappingOptions {
  /** Makes the cluster's OAuth client, with the request's `secret` or one that is made once. Default: whoever runs the identity provider does. */
  identity?: IdentityOptions;
  /** Told once the cluster is ready; needs `identity`. Default: nobody. */
  deployer?: DeployerOptions;
}

/**
 * Makes the cluster that a create-cluster request asks for, in the account that it names: the component of that account's cloud, with the
 * request's names. Loads that cloud's code only.
 *
 * Its phases are the request's. Validation: throws `InvalidInput` with all problems by the request's own fields, before anything is made, and on
 * AWS `ClusterNameInUse` where another stack has a cluster of the name in the region (Cudo refuses names in use by itself). Synchronous: the OAuth
 * client, an error of which begins with `UnexpectedBehavior`; no cloud is touched before it is there. Background: the cluster, and on AWS
 * `ClusterCouldNotBeDeployed` for an account without a role or that cannot be entered. markClusterReady: the deployer is told.
 */
export async function createCluster(
  name: string,
  request: CreateClusterRequest,
  { accounts, identity, deployer }: CreateClusterOptions,
  options: pulumi.ComponentResourceOptions = {},
): Promise<AwsCluster | CudoCluster> {
  const wanted = clusterArgs(request, { accounts });
  if (deployer && !identity)
    throw new InvalidInput("CreateCluster", [
      { propertyPath: "deployer", reason: "needs identity: it is told as the cluster's client" },
    ]);
  const { parent } = options;
  if (wanted.cloud === "aws" && wanted.args.cloudAccount?.roleArn)
    await requireName(name, request.name, wanted, { parent });
  const services = identity && (await import("./services.js"));
  const client = services && (await services.clusterClient(name, request, identity, { parent }));
  const cluster = await made(name, wanted, options);
  if (services && client && deployer)
    services.tellDeployer(name, { provider: wanted.cloud, cluster, client }, deployer, { parent });
  return cluster;
}

async function requireName(
  name: string,
  clusterName: string,
  { args }: Extract<ClusterArgs, { cloud: "aws" }>,
  { parent }: pulumi.ComponentResourceOptions,
): Promise<void> {
  await import("../aws/official-package.js");
  const [{ accountProvider }, { requireFreeName }] = await Promise.all([
    import("../aws/provider.js"),
    import("../aws/name-in-use.js"),
  ]);
  await requireFreeName(clusterName, { provider: accountProvider(`${name}-look-up`, args, { parent }) });
}

async function made(
  name: string,
  wanted: ClusterArgs,
  options: pulumi.ComponentResourceOptions,
): Promise<AwsCluster | CudoCluster> {
  if (wanted.cloud === "aws") {
    const { AwsCluster } = await import("../aws/cluster.js");
    return new AwsCluster(name, wanted.args, options);
  }
  const { CudoCluster } = await import("../cudo/cluster.js");
  return new CudoCluster(name, wanted.args, options);
}
