import type * as pulumi from "../sdk/pulumi";
import { AwsCluster } from "../components/aws/cluster";
import { inputsOf } from "./config";

/** The cluster of a stack whose config says `cloud: aws`. Credentials come from where every AWS tool finds them; `aws:region` says where. */
export function cluster(stack: string, config: pulumi.Config): AwsCluster {
  return new AwsCluster(stack, inputsOf(config, AwsCluster.__pulumiType));
}
