import type * as pulumi from "../sdk/pulumi";
import type { CudoClusterArgs } from "../components/cudo/args";
import { CudoCluster } from "../components/cudo/cluster";
import { checkCudoCluster } from "../components/cudo/validate";
import type { Problems } from "../components/errors";
import { checkSecretKeys, inputsOf } from "./config";

/** The cluster of a stack whose config says `cloud: cudo`. Credentials are the provider's: `gpu-clusters:cudo`, or CUDO_API_KEY. */
export function cluster(stack: string, config: pulumi.Config): CudoCluster {
  return new CudoCluster(stack, argsOf(config));
}

export function problems(stack: string, config: pulumi.Config): Problems {
  const problems = checkCudoCluster(stack, argsOf(config), undefined);
  checkSecretKeys(config, CudoCluster.__pulumiType, problems);
  return problems;
}

function argsOf(config: pulumi.Config): CudoClusterArgs {
  return inputsOf(config, CudoCluster.__pulumiType);
}
