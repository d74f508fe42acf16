/** Vault's part of the plugin, by type token. */
import type { ResourceHandler } from "../../server/resource";
import { autoscalerRole } from "./autoscaler-role";

export const vaultResources: Readonly<Record<string, ResourceHandler>> = {
  "gpu-clusters:vault:AutoscalerRole": autoscalerRole,
};
