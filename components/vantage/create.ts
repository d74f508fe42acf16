import type * as pulumi from "@pulumi/pulumi";
import type { AwsCluster } from "../aws/cluster";
import type { CudoCluster } from "../cudo/cluster";
import { clusterArgs, type MappingOptions } from "./mapping";
import type { CreateClusterRequest } from "./request";

/**
 * Makes the cluster that a create-cluster request asks for, in the account that it names: the component of that account's cloud, with the
 * request's names. Loads that cloud's code only.
 *
 * Throws `InvalidInput` with all problems by the request's own fields, before anything is made; then `ClusterCouldNotBeDeployed` for an AWS
 * account without a role.
 */
export async function createCluster(
  name: string,
  request: CreateClusterRequest,
  accounts: MappingOptions,
  options?: pulumi.ComponentResourceOptions,
): Promise<AwsCluster | CudoCluster> {
  const wanted = clusterArgs(request, accounts);
  if (wanted.cloud === "aws") {
    const { AwsCluster } = await import("../aws/cluster.js");
    return new AwsCluster(name, wanted.args, options);
  }
  const { CudoCluster } = await import("../cudo/cluster.js");
  return new CudoCluster(name, wanted.args, options);
}
