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
export { TenantCluster } from "./tenant-cluster";
