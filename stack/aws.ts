import { AwsCluster, checkAwsCluster } from "../components/aws/cluster";
import { cloudOf } from "./config";

/** The cluster of a stack whose config says `cloud: aws`. Credentials come from where every AWS tool finds them; `aws:region` says where. */
export const { cluster, problems } = cloudOf(AwsCluster, checkAwsCluster);
