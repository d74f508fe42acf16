export {
  NodeGroup,
  type AssumeRoleArgs,
  type AwsConnectionArgs,
  type NodeGroupArgs,
  type NodeGroupMachineState,
} from "./node-group";
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
export type { AllocationStrategy, CapacityType } from "./allocation";
export type { AssumeRole, AwsConnection, AwsProviderConfig } from "./config";
