import type * as pulumi from "../../../sdk/pulumi";
import type { AddOn } from "../add-on";

export interface AutoscalerPlace {
  clusterName: string;
  /** By cloud, as the provider is configured, with what the pod needs to act: keys, where it has no role. */
  providers: pulumi.Input<Readonly<Record<string, unknown>>>;
}

/** Moves the sizes of the node groups by what pods need. Nothing where no group's size may be moved. */
export function autoscaler(place: AutoscalerPlace): AddOn {
  return ({ name, kubernetesVersion, nodeGroups: groups }, options) => {
    if (groups.length === 0) return [];
    // Loaded when asked for, as the network between pods is.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { autoscalerResources } = require("./resources") as typeof import("./resources");
    return autoscalerResources(name, { ...place, kubernetesVersion, groups }, options);
  };
}
