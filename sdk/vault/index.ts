export { AutoscalerRole, type AutoscalerRoleArgs } from "./autoscaler-role";
export type { ClusterVaultArgs, MachineVaultArgs } from "./machine-vault";
export type { VaultProviderConfig } from "./config";
