import type * as pulumi from "../../sdk/pulumi";
import type { AwsCluster } from "../aws/cluster";
import type { CudoCluster } from "../cudo/cluster";
import type { OAuth2Client } from "../../sdk/keycloak/oauth2-client";
import { givenTo, ownProvider } from "../addons/autoscaler/access";
import { checkHubUrl } from "../addons/jupyterhub/address";
import { doAfterLook } from "../after-look";
import type { KubernetesCluster } from "../cluster";
import { Problems } from "../errors";
import { withoutNulls } from "../inputs";
import type { IntegrationOptions } from "./integrations";
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
 * Its phases are the request's. Validation: throws `InvalidInput` with all problems by the request's own fields, before anything is made;
 * `ClusterNameInUse` where another stack has a cluster of the name in the account (on AWS in the region); and the cluster's own look at its cloud refuses
 * what cannot be had there. Synchronous: the OAuth client, an error of which begins with `UnexpectedBehavior`; nothing is made in a cloud before it is there.
 * Background: the cluster, and on AWS `ClusterCouldNotBeDeployed` for an account without a role or that cannot be entered; then its integrations.
 * markClusterReady: the deployer is told.
 */
export async function createCluster(
  name: string,
  given: CreateClusterRequest,
  from: CreateClusterOptions,
  options: pulumi.ComponentResourceOptions = {},
): Promise<AwsCluster | CudoCluster> {
  const wanted = clusterArgs(given, from);
  const { identity, deployer, integrations = {} } = from;
  const request = withoutNulls(given);
  checkOptions(wanted, { identity, deployer, integrations }).raise("CreateCluster");
  const { ofClient, custom, component } = besides(options);
  const services = identity && (await import("./services.js"));
  const { jupyterhubUrl } = wanted.integrations?.includes("jupyterhub") ? integrations : {};
  let client: OAuth2Client | undefined;
  const makeClient = (dependsOn: pulumi.Resource[]) => {
    client = services?.clusterClient(name, request, identity!, jupyterhubUrl, { ...ofClient, dependsOn });
    return client ? [client] : [];
  };
  if (wanted.cloud === "aws") {
    if (wanted.args.cloudAccount?.roleArn) await requireName(name, request.name, wanted, options);
    // Nobody can look there, and the cluster refuses it.
    else await registered(makeClient([]));
  }
  doAfterLook(wanted.args, makeClient);
  const cluster = await made(name, wanted, options);
  const running = await installed(name, wanted, { cluster, client, integrations }, component);
  if (services && client && deployer)
    services.tellDeployer(name, { provider: wanted.cloud, cluster, client }, deployer, {
      ...custom,
      dependsOn: running,
    });
  return cluster;
}

/** Of what is made beside the cluster: by whom, and what may become of it, is the same. */
function besides(options: pulumi.ComponentResourceOptions) {
  const { parent, protect, retainOnDelete, provider, providers } = options;
  const shared = { parent, protect, retainOnDelete };
  const own = ownProvider(options);
  const given = own && givenTo(own);
  const custom = { ...shared, ...(own && { provider: own }) };
  return {
    // A provider for a cloud says nothing of Keycloak, which the stack's configuration then reaches as before.
    ofClient: given && !given.keycloak ? shared : custom,
    custom,
    component: { ...shared, ...(provider && { provider }), ...(providers && { providers }) },
  };
}

/** At a preview too, and only when their providers have taken them. */
async function registered(resources: readonly pulumi.Resource[]): Promise<void> {
  await Promise.all(resources.map(({ urn }) => new Promise<void>((resolve) => void urn.apply(() => resolve()))));
}

function checkOptions(
  { integrations = [] }: ClusterArgs,
  { identity, deployer, integrations: { jupyterhubUrl } = {} }: Omit<CreateClusterOptions, "accounts">,
): Problems {
  const problems = new Problems();
  if (deployer && !identity) problems.add("deployer", "needs identity: it is told as the cluster's client");
  if (integrations.includes("jupyterhub")) {
    if (!identity)
      problems.add("identity", 'is required for the integration "jupyterhub": people log in by the client');
    if (jupyterhubUrl === undefined)
      problems.add("integrations.jupyterhubUrl", 'is required for the integration "jupyterhub"');
    else checkHubUrl("integrations.jupyterhubUrl", jupyterhubUrl, problems);
  }
  return problems;
}

/** Loads what is asked for only. */
async function installed(
  name: string,
  { integrations: names, args }: ClusterArgs,
  made: { cluster: KubernetesCluster; client: OAuth2Client | undefined; integrations: IntegrationOptions },
  options: pulumi.ComponentResourceOptions,
): Promise<pulumi.Resource[]> {
  if (names === undefined) return [];
  const { installIntegrations } = await import("./integrations.js");
  return installIntegrations(name, names, { ...made, clusterName: args.clusterName! }, options);
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
