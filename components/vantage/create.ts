import type * as pulumi from "../../sdk/pulumi";
import type { AwsCluster } from "../aws/cluster";
import type { CudoCluster } from "../cudo/cluster";
import { clusterArgs, type MappingOptions } from "./mapping";
import type { CreateClusterRequest } from "./request";

/**
 * Makes the cluster that a create-cluster request asks for, in the account that it names: the component of that account's cloud, with the
 * request's names. Loads that cloud's code only.
 *
 * Throws `InvalidInput` with all problems by the request's own fields, before anything is made; then on AWS `ClusterCouldNotBeDeployed` for
 * an account without a role or that cannot be entered, and `ClusterNameInUse` where another stack has a cluster of the name in the region.
 * Cudo refuses names in use by itself.
 */
export async function createCluster(
  name: string,
  request: CreateClusterRequest,
  accounts: MappingOptions,
  options?: pulumi.ComponentResourceOptions,
): Promise<AwsCluster | CudoCluster> {
  const wanted = clusterArgs(request, accounts);
  if (wanted.cloud === "aws") {
    const [{ AwsCluster }, { accountProvider, checkAccount }, { requireFreeName }] = await Promise.all([
      import("../aws/cluster.js"),
      import("../aws/provider.js"),
      import("../aws/name-in-use.js"),
    ]);
    checkAccount(wanted.args);
    const provider = accountProvider(`${name}-look-up`, wanted.args, { parent: options?.parent });
    await requireFreeName(request.name, { provider });
    return new AwsCluster(name, wanted.args, options);
  }
  const { CudoCluster } = await import("../cudo/cluster.js");
  return new CudoCluster(name, wanted.args, options);
}
