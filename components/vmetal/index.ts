/** Clusters of tenants on bare metal, by vMetal. */
export type {
  AutoNodesArgs,
  DynamicPoolArgs,
  NodeTypeRequirementArgs,
  PlatformConnectionArgs,
  StaticPoolArgs,
  TenantClusterArgs,
} from "./args";
export { TenantCluster } from "./tenant-cluster";
