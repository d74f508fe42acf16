export { AwsCluster } from "./cluster";
export { ClusterCouldNotBeDeployed, InvalidInput } from "../errors";
export type {
  AwsCloudAccountArgs,
  AwsClusterArgs,
  AwsControlPlaneArgs,
  AwsNetworkArgs,
  AwsNodeGroupArgs,
} from "./args";
export * from "../../sdk/aws";
