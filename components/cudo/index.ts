export { CudoCluster } from "./cluster";
export type { CudoClusterArgs, CudoNodeGroupArgs, CudoTaintArgs } from "./args";
export * from "../../sdk/cudo";
