export { AwsCluster } from "./cluster";
export { ClusterCouldNotBeDeployed, InvalidInput } from "../errors";
export type {
  AwsCapacityArgs,
  AwsCloudAccountArgs,
  AwsClusterArgs,
  AwsControlPlaneArgs,
  AwsNetworkArgs,
  AwsNodeGroupArgs,
  AwsOnDemandArgs,
  AwsSpotArgs,
} from "./args";
export * from "../../sdk/aws";
