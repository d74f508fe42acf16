export { CudoCluster } from "./cluster";
export type { CudoClusterArgs, CudoControlPlaneArgs, CudoNodeGroupArgs } from "./args";
export * from "../../sdk/cudo";
