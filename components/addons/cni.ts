import type { AddOn } from "./add-on";

export type Cni = "cilium" | "flannel";

/**
 * The network between pods, which the nodes' readiness waits for. Nothing is awaited here: the pods of a CNI can run only once there are nodes,
 * and nodes become Ready only once it runs.
 */
export function podNetwork(kind: Cni, podSubnet: string): AddOn {
  // Loaded when asked for: each brings the whole of @pulumi/pulumi, see sdk/pulumi.ts.
  /* eslint-disable @typescript-eslint/no-require-imports */
  return ({ name, ...place }, options) => {
    if (kind === "flannel") {
      const { flannelResources } = require("./flannel") as typeof import("./flannel");
      return flannelResources(name, podSubnet, options);
    }
    const { ciliumResources } = require("./cilium") as typeof import("./cilium");
    return ciliumResources(name, place, options);
  };
  /* eslint-enable @typescript-eslint/no-require-imports */
}
