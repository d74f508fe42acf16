import type * as pulumi from "../../../sdk/pulumi";
import type { AddOn } from "../add-on";
import type { AutoscalerRights } from "./resources";

export interface AutoscalerPlace extends AutoscalerRights {
  clusterName: string;
  /** By cloud, as the provider is configured, with what the pod needs to act: keys, where it has no role. */
  providers: pulumi.Input<Readonly<Record<string, unknown>>>;
  /** A Go duration. */
  scaleDownAfter: string | undefined;
}

/** Moves the sizes of the node groups by what pods need. Nothing where no group's size may be moved. */
export function autoscaler(place: AutoscalerPlace): AddOn {
  return ({ name, kubernetesVersion, nodeGroups, ...cluster }, options) => {
    if (nodeGroups.length === 0) return [];
    // In another order they are the same: no reason to start anew.
    const groups = [...nodeGroups].sort((a, b) => (a.name < b.name ? -1 : 1));
    // Loaded when asked for, as the network between pods is.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { autoscalerResources } = require("./resources") as typeof import("./resources");
    return autoscalerResources(name, { ...place, kubernetesVersion, groups }, cluster, options);
  };
}
