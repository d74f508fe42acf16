/** Clusters on bare metal by Cluster API and Metal3. */
export type { BareMetalClusterArgs, BareMetalControlPlaneArgs, BareMetalGroupArgs, BareMetalTaint } from "./args";
export { BareMetalCluster } from "./bare-metal-cluster";
export { BareMetalHosts } from "./bare-metal-hosts";
export type { BareMetalHostStatus } from "./hosts";
export type {
  BareMetalHostArgs,
  BareMetalHostsArgs,
  InventoryPlace,
  MachineImageArgs,
  RootDeviceHintsArgs,
} from "./hosts-args";
