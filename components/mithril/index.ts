export { MithrilCluster } from "./cluster";
export type { MithrilClusterArgs, MithrilFileShareArgs, MithrilNodeGroupArgs } from "./args";
export type { MithrilNodeGroupStatus } from "./node-groups";
export { contextName, reachableKubeconfig, type ReachableCluster } from "./kubeconfig";
export * from "../../sdk/mithril";
export {
  FileShareVolume,
  fileSharePodVolume,
  type FileShareVolumeArgs,
  type HostPathPodVolume,
} from "../addons/file-share-volume";
