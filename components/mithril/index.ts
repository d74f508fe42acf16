export { MithrilCluster } from "./cluster";
export type { MithrilClusterArgs, MithrilFileShareArgs, MithrilNodeGroupArgs } from "./args";
export { contextName, reachableKubeconfig, type ReachableCluster } from "./kubeconfig";
export * from "../../sdk/mithril";
