export { Vm, type VmArgs, type VmNicArgs } from "./vm";
export { Disk, type DiskArgs, type DiskEncryptionArgs } from "./disk";
export { Network, type NetworkArgs } from "./network";
export { SecurityGroup, type SecurityGroupArgs, type SecurityGroupRuleArgs } from "./security-group";
export {
  PlannedCluster,
  type PlannedClusterArgs,
  type PlannedMachineArgs,
  type PlannedNodeGroupArgs,
} from "./planned-cluster";
export { NodeGroup, type NodeGroupArgs, type NodeGroupMachineState } from "./node-group";
export {
  getDataCenters,
  getImages,
  getMachineTypes,
  type DataCenterOffer,
  type GetDataCentersArgs,
  type GetDataCentersResult,
  type GetImagesArgs,
  type GetImagesResult,
  type GetMachineTypesArgs,
  type GetMachineTypesResult,
  type ImageOffer,
  type MachineTypeOffer,
} from "./functions";
export type { CudoProviderConfig } from "./config";
export type { CommitmentTerm, RuleProtocol, RuleType, SshKeySource } from "./values";
