export { ComputeCluster } from "./compute-cluster";
export type { ComputeClusterArgs, ComputeStorageArgs, StorageCredentialsArgs, TokenRotationArgs } from "./args";
export * from "../../sdk/michelangelo";
