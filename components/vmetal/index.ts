/** Clusters of tenants on bare metal, by vMetal. */
export type {
  AutoNodesArgs,
  DynamicPoolArgs,
  InventoryPlace,
  NodeTypeRequirementArgs,
  PlatformConnectionArgs,
  StaticPoolArgs,
  TenantClusterArgs,
} from "./args";
export type { BareMetalHostArgs, BareMetalInventoryArgs, NodeTypeArgs, OsImageArgs } from "./inventory-args";
export { BareMetalInventory, type BareMetalHostStatus } from "./inventory";
export { JoinToken, type JoinTokenArgs } from "./join-token";
export { TenantCluster } from "./tenant-cluster";
