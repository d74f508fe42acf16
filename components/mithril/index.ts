export { MithrilCluster } from "./cluster";
export type { MithrilClusterArgs, MithrilControlPlaneArgs, MithrilFileShareArgs, MithrilNodeGroupArgs } from "./args";
export type { MithrilNodeGroupStatus } from "./node-groups";
export { contextName, reachableKubeconfig, type ReachableCluster } from "./kubeconfig";
export * from "../../sdk/mithril";
