export { Cluster, type ClusterArgs } from "./cluster";
export {
  PlannedCluster,
  type PlannedClusterArgs,
  type PlannedControlPlaneArgs,
  type PlannedFileShareArgs,
  type PlannedNodeGroupArgs,
} from "./planned-cluster";
export { SshAccess, type SshAccessArgs } from "./ssh-access";
export { SshKey, type SshKeyArgs } from "./ssh-key";
export { Volume, type VolumeArgs } from "./volume";
export { SpotBid, type InstanceState, type SpotBidArgs } from "./spot-bid";
export { Reservation, type ReservationArgs } from "./reservation";
export {
  NodeGroup,
  type NodeGroupArgs,
  type NodeGroupMachineState,
  type CapacityArgs,
  type ReservationCapacityArgs,
  type SpotCapacityArgs,
} from "./node-group";
export * from "./functions";
export type { MithrilProviderConfig } from "./config";
