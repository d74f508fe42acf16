export { ClusterCouldNotBeDeployed, ClusterNameInUse, InvalidInput } from "../errors";
export { createCluster, type CreateClusterOptions } from "./create";
export type { IntegrationOptions } from "./integrations";
export { clusterArgs, type ClusterArgs, type MappingOptions } from "./mapping";
export type {
  AwsRequestGroup,
  AwsSettings,
  CloudAccount,
  CreateClusterRequest,
  CudoRequestGroup,
  CudoSettings,
  RequestTaint,
} from "./request";
export type { DeployerOptions, IdentityOptions } from "./services";
export * from "../../sdk/vantage";
