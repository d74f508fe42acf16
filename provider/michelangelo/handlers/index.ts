/** This room's part of the plugin, by type token. */
import type { ResourceHandler } from "../../server/resource";
import { registration } from "./registration";

export const michelangeloResources: Readonly<Record<string, ResourceHandler>> = {
  "gpu-clusters:michelangelo:Registration": registration,
};
