import type * as pulumi from "../sdk/pulumi";
import { CudoCluster } from "../components/cudo/cluster";
import { inputsOf } from "./config";

/** The cluster of a stack whose config says `cloud: cudo`. Credentials are the provider's: `gpu-clusters:cudo`, or CUDO_API_KEY. */
export function cluster(stack: string, config: pulumi.Config): CudoCluster {
  return new CudoCluster(stack, inputsOf(config, CudoCluster.__pulumiType));
}
