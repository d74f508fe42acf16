import type * as pulumi from "../sdk/pulumi";
import type { AwsClusterArgs } from "../components/aws/args";
import { AwsCluster, checkAwsCluster } from "../components/aws/cluster";
import type { Problems } from "../components/errors";
import { checkSecretKeys, inputsOf } from "./config";

/** The cluster of a stack whose config says `cloud: aws`. Credentials come from where every AWS tool finds them; `aws:region` says where. */
export function cluster(stack: string, config: pulumi.Config): AwsCluster {
  return new AwsCluster(stack, argsOf(config));
}

export function problems(stack: string, config: pulumi.Config): Problems {
  const problems = checkAwsCluster(stack, argsOf(config), undefined);
  checkSecretKeys(config, AwsCluster.__pulumiType, problems);
  return problems;
}

function argsOf(config: pulumi.Config): AwsClusterArgs {
  return inputsOf(config, AwsCluster.__pulumiType);
}
