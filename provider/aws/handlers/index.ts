import type { FunctionHandler, ResourceHandler } from "../../server/resource";
import { getImageHandler, getInstanceTypesHandler, getPreflightHandler } from "./functions";
import { nodeGroupHandler } from "./node-group";
import { serviceLoadBalancersHandler } from "./service-load-balancers";

/** By type token. */
export const awsResources: Readonly<Record<string, ResourceHandler>> = {
  "gpu-clusters:aws:NodeGroup": nodeGroupHandler,
  "gpu-clusters:aws:ServiceLoadBalancers": serviceLoadBalancersHandler,
};

/** By function token. */
export const awsFunctions: Readonly<Record<string, FunctionHandler>> = {
  "gpu-clusters:aws:getImage": getImageHandler,
  "gpu-clusters:aws:getInstanceTypes": getInstanceTypesHandler,
  "gpu-clusters:aws:getPreflight": getPreflightHandler,
};
