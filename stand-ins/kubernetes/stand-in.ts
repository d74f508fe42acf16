import { Unknown } from "../../provider/server/values";
import type { StandIn } from "../server/server";
import { checkConfiguration, configurationOf, diffConfiguration } from "./configuration";
import { Resources } from "./resources";

/** Follows the tokens and the configuration of @pulumi/kubernetes, over server-side apply. */
export const kubernetesStandIn: StandIn = {
  provider: "kubernetes",
  version: "4.34.2",
  unknownConfiguration: { kubeconfig: Unknown.value },
  checkConfiguration,
  diffConfiguration,
  calls: (configuration) => new Resources(configurationOf(configuration)),
};
