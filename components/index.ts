/** What all clouds share. Each cloud has its own entry point (`pulumi-gpu-clusters/cudo`), so that none loads another's code. */
export type { KubernetesCluster, NodeGroupStatus } from "./cluster";
export { InvalidInput } from "./errors";
export { ExistingCluster, type ExistingClusterArgs, type ExistingGpuArgs } from "./existing/cluster";
export { Provider, type ProviderArgs } from "../sdk/provider-resource";
