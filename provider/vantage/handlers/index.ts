/** This room's part of the plugin, by type token. */
import type { ResourceHandler } from "../../server/resource";
import { readyNotificationHandler } from "./ready-notification";

export const vantageResources: Readonly<Record<string, ResourceHandler>> = {
  "gpu-clusters:vantage:ReadyNotification": readyNotificationHandler,
};
