/** Mithril's part of the plugin, by type token. */
import type { FunctionHandler, ResourceHandler } from "../../server/resource";
import { clusterHandler, liveClusters } from "./cluster";
import {
  getCurrentPricesHandler,
  getImagesHandler,
  getInstanceTypesHandler,
  getRegionsHandler,
  getSpotAvailabilityHandler,
} from "./functions";
import { nodeGroupHandler } from "./node-group";
import { plannedClusterHandler } from "./planned-cluster";
import { liveReservations } from "../reservation-lifecycle";
import { reservationHandler } from "./reservation";
import { findable } from "./unfinished";
import { bidsNamed, spotBidHandler } from "./spot-bid";
import { sshAccessHandler } from "./ssh-access";
import { keysNamed, sshKeyHandler } from "./ssh-key";
import { volumeHandler, volumesNamed } from "./volume";

export const mithrilResources: Readonly<Record<string, ResourceHandler>> = {
  "gpu-clusters:mithril:Cluster": findable("gpu-clusters:mithril:Cluster", clusterHandler, liveClusters),
  "gpu-clusters:mithril:NodeGroup": nodeGroupHandler,
  "gpu-clusters:mithril:PlannedCluster": plannedClusterHandler,
  "gpu-clusters:mithril:Reservation": findable(
    "gpu-clusters:mithril:Reservation",
    reservationHandler,
    liveReservations,
  ),
  "gpu-clusters:mithril:SpotBid": findable("gpu-clusters:mithril:SpotBid", spotBidHandler, bidsNamed),
  "gpu-clusters:mithril:SshAccess": sshAccessHandler,
  "gpu-clusters:mithril:SshKey": findable("gpu-clusters:mithril:SshKey", sshKeyHandler, keysNamed),
  "gpu-clusters:mithril:Volume": findable("gpu-clusters:mithril:Volume", volumeHandler, volumesNamed),
};

export const mithrilFunctions: Readonly<Record<string, FunctionHandler>> = {
  "gpu-clusters:mithril:getCurrentPrices": getCurrentPricesHandler,
  "gpu-clusters:mithril:getImages": getImagesHandler,
  "gpu-clusters:mithril:getInstanceTypes": getInstanceTypesHandler,
  "gpu-clusters:mithril:getRegions": getRegionsHandler,
  "gpu-clusters:mithril:getSpotAvailability": getSpotAvailabilityHandler,
};
