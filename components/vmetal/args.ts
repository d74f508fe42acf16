import type { TaintArgs } from "../../sdk/kubernetes/taint";
import type * as pulumi from "../../sdk/pulumi";
import type { KubernetesCluster } from "../cluster";
import type { InventoryPlace } from "../metal3/hosts-args";

/** What a tenant's control plane needs to be let use private nodes. */
export interface PlatformConnectionArgs {
  /** Host of vCluster Platform, without `https://`: `vcluster.example.com`. Nodes and the host cluster reach it. */
  host: string;
  /**
   * Access key of the platform.
   * @secret
   */
  accessKey: pulumi.Input<string>;
  /** Name of the platform's project. */
  project: string;
  /**
   * PEM certificate of the authority that signed for `host`, where that is one of your own. The platform's Helm value `additionalCA`, which is base64 of it,
   * is taken, too. Default: whom everybody trusts.
   */
  certificateAuthority?: pulumi.Input<string>;
}

/** Which types of nodes may be taken. All of them must hold. */
export interface NodeTypeRequirementArgs {
  /** `vcluster.com/node-type`, for example. */
  property: string;
  /** Default: `In`. */
  operator?: "In" | "NotIn" | "Exists" | "NotExists";
  /** One value, for `In` and `NotIn`, */
  value?: string;
  /** or several. */
  values?: string[];
}

interface PoolArgs {
  /** Up to 40 characters, another one in each pool of the cluster. Nodes have it as the label `gpu-clusters/node-group`. */
  name: string;
  /** Default: any type of the provider. */
  nodeTypeSelector?: NodeTypeRequirementArgs[];
  /** Labels of its nodes. For Modelplane: `poolLabels("gpu")`. */
  nodeLabels?: Record<string, string>;
  /** What keeps pods off its nodes that do not tolerate it. Default: none. */
  taints?: TaintArgs[];
  /** How long pods may take to end before their node goes, such as `30m`; `Never` waits for them. Default: vCluster's own, 30 s. */
  terminationGracePeriod?: string;
  /** Name of the platform's NodeProfile for its nodes. */
  profile?: string;
  /**
   * GPUs of each node. vMetal installs nothing for them: what is given here becomes labels, and is told on in `nodeGroups`.
   * Default: 0.
   * @integer
   */
  gpus?: number;
  /** Their model, such as `H100`. */
  gpuModel?: string;
}

/** As many machines as it says, for as long as it says so. */
export interface StaticPoolArgs extends PoolArgs {
  /** @integer */
  quantity: number;
}

/** As many machines as pods ask for, by Karpenter. */
export interface DynamicPoolArgs extends PoolArgs {
  /** The most that it may have, Kubernetes quantities by name: `{ nodes: "4", cpu: "512" }`. Default: no limit. */
  limits?: Record<string, string>;
  /** When nodes go that are no longer needed. */
  disruption?: {
    /** Duration such as `5m`, or `Never`. */
    consolidateAfter?: string;
    consolidationPolicy?: "WhenEmpty" | "WhenEmptyOrUnderutilized";
  };
  /** Age at which a node is replaced, such as `720h`, or `Never`. */
  expireAfter?: string;
  /**
   * Of several pools that would do, the one with the highest is taken first: 1 to 100.
   * @integer
   */
  weight?: number;
}

/** Pools of one node provider. */
export interface AutoNodesArgs {
  /** Name of the platform's NodeProvider, in one entry only. A pool keeps its provider for its life. */
  provider: string;
  /** Of the provider, for all machines of these pools. */
  properties?: Record<string, string>;
  /** Pools of a fixed number of machines, which `pulumi up` waits for. Default: none. */
  static?: StaticPoolArgs[];
  /** Pools that Karpenter fills by what pods need, and that begin empty. Default: none. */
  dynamic?: DynamicPoolArgs[];
}

export interface TenantClusterArgs {
  /** The cluster that the tenant's control plane runs in. */
  hostCluster: KubernetesCluster;
  /** Name of the cluster and of its Helm release, up to 40 characters, beginning with a letter. Default: the resource's. */
  clusterName?: string;
  /** Namespace of the host cluster that is made for it. Default: the cluster's name. */
  namespace?: string;
  /** The vCluster Platform that gives it machines, and the key by which vCluster asks. */
  platform: PlatformConnectionArgs;
  /** What nodes the cluster has from the platform. Empty where all are machines of your own, which join by a `JoinToken`. */
  autoNodes: AutoNodesArgs[];
  /**
   * Where its servers come from: a BareMetalInventory, or the place of one. With it `machines` tells of each machine, `pulumi up` ends as soon as one of them
   * is in error, and deleting the cluster waits until its servers are free. Default: nobody asks for them.
   */
  inventory?: InventoryPlace;
  /**
   * `host:port` at which nodes and people reach the API server: a DNS name or an address that leads to the cluster's Service in the host cluster, whose
   * port is 443. Default: the address that the Service's load balancer gets.
   */
  endpoint?: pulumi.Input<string>;
  /** Of the Service before the API server; the others than `LoadBalancer` need `endpoint`. Default: `LoadBalancer`. */
  serviceType?: "LoadBalancer" | "NodePort" | "ClusterIP";
  /**
   * Nodes reach the API server through the platform's VPN (Tailscale; UDP 41641, addresses of 100.64.0.0/10): for those that are in other networks than the host
   * cluster. Nodes must reach `platform.host`. It stays as it is for the cluster's life. Default: they reach it directly.
   */
  vpn?: {
    /** What nodes say to each other, pods' traffic too, goes through it as well. Default: `false`. */
    nodeToNode?: boolean;
  };
  /** Further names and addresses that the API server's certificate has; the endpoint's is among them. */
  extraSans?: string[];
  /** Range of the pods, apart from the nodes' network. Default: `10.244.0.0/16`. */
  podCidr?: string;
  /** Range of the Services. Default: `10.96.0.0/12`. */
  serviceCidr?: string;
  /**
   * How long to wait for the control plane, for the nodes of static pools, and until servers are free again, in minutes each: servers are written and
   * started anew.
   * Default: 60.
   * @integer
   */
  timeoutMinutes?: number;
}
