/** Clusters that Modelplane serves models on. */
export type {
  AcceleratorArgs,
  CredentialsArgs,
  DeviceArgs,
  DeviceAttribute,
  ExistingSourceArgs,
  IdentityArgs,
  InferenceClassArgs,
  InferenceClusterArgs,
  NodePoolArgs,
  ProvisioningArgs,
} from "./args";
export type { GpuArgs } from "./gpus";
export { InferenceClass } from "./inference-class";
export { InferenceCluster } from "./inference-cluster";
export { poolLabels } from "./pools";
