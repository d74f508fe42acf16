import type { FunctionHandler, ResourceHandler } from "../../server/resource";
import { diskHandler } from "./disk";
import { getDataCentersHandler, getImagesHandler, getMachineTypesHandler } from "./functions";
import { networkHandler } from "./network";
import { nodeGroupHandler } from "./node-group";
import { plannedClusterHandler } from "./planned-cluster";
import { securityGroupHandler } from "./security-group";
import { vmHandler } from "./vm";

/** By type token. */
export const cudoResources: Readonly<Record<string, ResourceHandler>> = {
  "gpu-clusters:cudo:Vm": vmHandler,
  "gpu-clusters:cudo:Disk": diskHandler,
  "gpu-clusters:cudo:Network": networkHandler,
  "gpu-clusters:cudo:SecurityGroup": securityGroupHandler,
  "gpu-clusters:cudo:NodeGroup": nodeGroupHandler,
  "gpu-clusters:cudo:PlannedCluster": plannedClusterHandler,
};

/** By function token. */
export const cudoFunctions: Readonly<Record<string, FunctionHandler>> = {
  "gpu-clusters:cudo:getMachineTypes": getMachineTypesHandler,
  "gpu-clusters:cudo:getDataCenters": getDataCentersHandler,
  "gpu-clusters:cudo:getImages": getImagesHandler,
};
