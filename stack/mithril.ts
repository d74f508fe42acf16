import type * as pulumi from "../sdk/pulumi";
import type { MithrilClusterArgs } from "../components/mithril/args";
import { MithrilCluster } from "../components/mithril/cluster";
import { checkMithrilCluster } from "../components/mithril/validate";
import type { Problems } from "../components/errors";
import { checkSecretKeys, inputsOf } from "./config";

/**
 * The cluster of a stack whose config says `cloud: mithril`. Credentials are the provider's: `gpu-clusters:mithril`, or MITHRIL_API_KEY and
 * MITHRIL_PROJECT. `sshPrivateKey` is set with `pulumi config set --secret`.
 */
export function cluster(stack: string, config: pulumi.Config): MithrilCluster {
  return new MithrilCluster(stack, argsOf(config));
}

export function problems(stack: string, config: pulumi.Config): Problems {
  const problems = checkMithrilCluster(stack, argsOf(config), undefined);
  checkSecretKeys(config, MithrilCluster.__pulumiType, problems);
  return problems;
}

function argsOf(config: pulumi.Config): MithrilClusterArgs {
  return inputsOf(config, MithrilCluster.__pulumiType);
}
