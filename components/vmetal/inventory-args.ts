import type { KubernetesCluster } from "../cluster";
import type { BareMetalHostArgs, MachineImageArgs } from "../metal3/hosts-args";

/** An operating system that servers are written with. */
export interface OsImageArgs extends MachineImageArgs {
  /** Name of the OSImage: for `osImage` of node types. */
  name: string;
  /** Default: its name. */
  displayName?: string;
}

/** Servers that are alike. */
export interface NodeTypeArgs {
  /** For selectors of pools (`vcluster.com/node-type`): another one than all types of the platform have. */
  name: string;
  /** Default: its name. */
  displayName?: string;
  /** Labels that a host must have to be of the type: one at least, and hosts of no other type. */
  hostLabels: Record<string, string>;
  /** What a node offers, Kubernetes quantities by name, for dynamic pools: `{ cpu: "192", memory: "2Ti", "nvidia.com/gpu": "8" }`. */
  resources?: Record<string, string>;
  /** Name of the OSImage: one of `osImages`, or one that is there. */
  osImage: string;
  /** Further properties, as `metal3.vcluster.com/dns-servers`. */
  properties?: Record<string, string>;
}

export interface BareMetalInventoryArgs {
  /** The cluster that vCluster Platform runs in. */
  cluster: KubernetesCluster;
  /** The cluster that Metal3 runs in, and that has the hosts, where the platform has another one connected for them. Default: `cluster`. */
  metal3Cluster?: KubernetesCluster;
  /** The platform's own name of the hosts' cluster, as it is connected there. */
  connectedCluster: string;
  /** Name of the NodeProvider, for `autoNodes` of tenants. Default: the resource's. */
  providerName?: string;
  /** Namespace that is made for the hosts. Default: the provider's name. */
  namespace?: string;
  /** Has the platform install Metal3, which needs cert-manager, and what it boots servers by. Default: both are there already. */
  deploy?: { metal3?: boolean; dhcp?: boolean };
  /** What servers can be written with. Default: none but those that the platform has. */
  osImages?: OsImageArgs[];
  /** Kinds of servers, by which tenants ask for them. */
  nodeTypes: NodeTypeArgs[];
  /** The servers, each of which Metal3 inspects first. */
  hosts: BareMetalHostArgs[];
  /**
   * How long to wait for each host, which is inspected first, and until it is gone, in minutes. Default: 60.
   * @integer
   */
  timeoutMinutes?: number;
}
