import type { FunctionHandler, ResourceHandler } from "../../server/resource";
import { getImageHandler, getInstanceTypesHandler, getPreflightHandler } from "./functions";
import { accountReadyHandler } from "./account-ready";
import { clusterKeysHandler } from "./cluster-keys";
import { controlPlaneTurnHandler } from "./control-plane-turn";
import { deployerHandler } from "./deployer";
import { imageChoiceHandler } from "./image-choice";
import { instanceTypeFactsHandler } from "./instance-type-facts";
import { nodeGroupHandler } from "./node-group";
import { serviceLoadBalancersHandler } from "./service-load-balancers";
import { subnetChoiceHandler } from "./subnet-choice";
import { zoneChoiceHandler } from "./zone-choice";

/** By type token. */
export const awsResources: Readonly<Record<string, ResourceHandler>> = {
  "gpu-clusters:aws:AccountReady": accountReadyHandler,
  "gpu-clusters:aws:ClusterKeys": clusterKeysHandler,
  "gpu-clusters:aws:ControlPlaneTurn": controlPlaneTurnHandler,
  "gpu-clusters:aws:Deployer": deployerHandler,
  "gpu-clusters:aws:ImageChoice": imageChoiceHandler,
  "gpu-clusters:aws:InstanceTypeFacts": instanceTypeFactsHandler,
  "gpu-clusters:aws:NodeGroup": nodeGroupHandler,
  "gpu-clusters:aws:ServiceLoadBalancers": serviceLoadBalancersHandler,
  "gpu-clusters:aws:SubnetChoice": subnetChoiceHandler,
  "gpu-clusters:aws:ZoneChoice": zoneChoiceHandler,
};

/** By function token. */
export const awsFunctions: Readonly<Record<string, FunctionHandler>> = {
  "gpu-clusters:aws:getImage": getImageHandler,
  "gpu-clusters:aws:getInstanceTypes": getInstanceTypesHandler,
  "gpu-clusters:aws:getPreflight": getPreflightHandler,
};
