export { NodeGroup, type NodeGroupArgs, type NodeGroupMachineState } from "./node-group";
export {
  AccountReady,
  type AccountReadyArgs,
  type PlannedControlPlane,
  type PlannedMachines,
  type PlannedNetwork,
} from "./account-ready";
export { ClusterKeys, type ClusterKeysArgs } from "./cluster-keys";
export { ControlPlaneTurn, type ControlPlaneTurnArgs } from "./control-plane-turn";
export { Deployer, type DeployerArgs } from "./deployer";
export { ImageChoice, type ImageChoiceArgs } from "./image-choice";
export { InstanceTypeFacts, type InstanceTypeFactsArgs } from "./instance-type-facts";
export { ServiceLoadBalancers, type ServiceLoadBalancersArgs } from "./service-load-balancers";
export {
  getImage,
  getInstanceTypes,
  getPreflight,
  type GetImageArgs,
  type GetImageResult,
  type GetInstanceTypesArgs,
  type GetInstanceTypesResult,
  type GetPreflightArgs,
  type GetPreflightResult,
  type InstanceTypeResult,
  type PlannedNodeGroup,
  type PreflightProblem,
} from "./functions";
export { SubnetChoice, type SubnetChoiceArgs } from "./subnet-choice";
export { ZoneChoice, type ZoneChoiceArgs } from "./zone-choice";
export type { AllocationStrategy, OnDemandStrategy } from "./allocation";
export type { CapacityArgs, OnDemandCapacityArgs, SpotCapacityArgs } from "./capacity";
export type { AssumeRole, AwsProviderConfig } from "./config";
