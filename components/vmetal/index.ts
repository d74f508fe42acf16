/** Clusters of tenants on bare metal, by vMetal. */
export type { BareMetalHostStatus } from "../metal3/hosts";
export type { BareMetalHostArgs, InventoryPlace, RootDeviceHintsArgs } from "../metal3/hosts-args";
export type {
  AutoNodesArgs,
  DynamicPoolArgs,
  NodeTypeRequirementArgs,
  PlatformConnectionArgs,
  StaticPoolArgs,
  TenantClusterArgs,
} from "./args";
export type { BareMetalInventoryArgs, NodeTypeArgs, OsImageArgs } from "./inventory-args";
export { BareMetalInventory } from "./inventory";
export { JoinToken, type JoinTokenArgs } from "./join-token";
export { TenantCluster } from "./tenant-cluster";
