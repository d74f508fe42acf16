export {
  NodeGroup,
  type AssumeRoleArgs,
  type AwsConnectionArgs,
  type NodeGroupArgs,
  type NodeGroupMachineState,
} from "./node-group";
export {
  getImage,
  getPreflight,
  type GetImageArgs,
  type GetImageResult,
  type GetPreflightArgs,
  type GetPreflightResult,
  type PlannedNodeGroup,
  type PreflightProblem,
} from "./functions";
export type { AllocationStrategy, CapacityType } from "./allocation";
export type { AssumeRole, AwsConnection, AwsProviderConfig } from "./config";
