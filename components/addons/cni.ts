import type * as pulumi from "../../sdk/pulumi";

export interface CniOptions {
  kind: "cilium" | "flannel";
  provider: pulumi.ProviderResource;
  podSubnet: string;
}

/**
 * Installs the network between pods and returns what the nodes' readiness waits for. Nothing is awaited here: the pods of a CNI can
 * run only once there are nodes, and nodes become Ready only once it runs.
 */
export function installCni(
  name: string,
  { kind, provider, podSubnet }: CniOptions,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const inCluster = { ...options, provider };
  // Loaded when asked for: each brings the whole of @pulumi/pulumi, see sdk/pulumi.ts.
  /* eslint-disable @typescript-eslint/no-require-imports */
  if (kind === "flannel") {
    const { flannelResources } = require("./flannel") as typeof import("./flannel");
    return flannelResources(name, podSubnet, inCluster);
  }
  const { ciliumResources } = require("./cilium") as typeof import("./cilium");
  /* eslint-enable @typescript-eslint/no-require-imports */
  return ciliumResources(name, inCluster);
}
