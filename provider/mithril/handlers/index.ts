/** Mithril's part of the plugin, by type token. */
import type { FunctionHandler, ResourceHandler } from "../../server/resource";
import { clusterHandler } from "./cluster";
import {
  getCurrentPricesHandler,
  getImagesHandler,
  getInstanceTypesHandler,
  getRegionsHandler,
  getSpotAvailabilityHandler,
} from "./functions";
import { nodeGroupHandler } from "./node-group";
import { reservationHandler } from "./reservation";
import { spotBidHandler } from "./spot-bid";
import { sshAccessHandler } from "./ssh-access";
import { sshKeyHandler } from "./ssh-key";
import { volumeHandler } from "./volume";

export const mithrilResources: Readonly<Record<string, ResourceHandler>> = {
  "gpu-clusters:mithril:Cluster": clusterHandler,
  "gpu-clusters:mithril:NodeGroup": nodeGroupHandler,
  "gpu-clusters:mithril:Reservation": reservationHandler,
  "gpu-clusters:mithril:SpotBid": spotBidHandler,
  "gpu-clusters:mithril:SshAccess": sshAccessHandler,
  "gpu-clusters:mithril:SshKey": sshKeyHandler,
  "gpu-clusters:mithril:Volume": volumeHandler,
};

export const mithrilFunctions: Readonly<Record<string, FunctionHandler>> = {
  "gpu-clusters:mithril:getCurrentPrices": getCurrentPricesHandler,
  "gpu-clusters:mithril:getImages": getImagesHandler,
  "gpu-clusters:mithril:getInstanceTypes": getInstanceTypesHandler,
  "gpu-clusters:mithril:getRegions": getRegionsHandler,
  "gpu-clusters:mithril:getSpotAvailability": getSpotAvailabilityHandler,
};
