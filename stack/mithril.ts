import type * as pulumi from "../sdk/pulumi";
import { MithrilCluster } from "../components/mithril/cluster";
import { inputsOf } from "./config";

/**
 * The cluster of a stack whose config says `cloud: mithril`. Credentials are the provider's: `gpu-clusters:mithril`, or MITHRIL_API_KEY and
 * MITHRIL_PROJECT. `sshPrivateKey` is set with `pulumi config set --secret`.
 */
export function cluster(stack: string, config: pulumi.Config): MithrilCluster {
  return new MithrilCluster(stack, inputsOf(config, MithrilCluster.__pulumiType));
}
