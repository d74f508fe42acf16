import type * as pulumi from "../pulumi";

/**
 * Where a cluster's machines are claimed, and the servers kept: vCluster Platform's NodeClaims, or Cluster API's Machines, and Metal3's BareMetalHosts.
 */
export interface MachineClaimsArgs {
  /**
   * Kubeconfig of the cluster that has both, YAML; its current context counts.
   * @secret
   */
  kubeconfig: pulumi.Input<string>;
  /** Name of the cluster that machines are claimed for. */
  clusterName: pulumi.Input<string>;
  /** The project of vCluster Platform that it is in. Default: there is no such platform, and its machines are Cluster API's, in the namespace of the hosts. */
  project?: pulumi.Input<string>;
  /**
   * Kubeconfig of the cluster that has the hosts, YAML, where they are in another than the claims. Default: `kubeconfig`.
   * @secret
   */
  hostKubeconfig?: pulumi.Input<string>;
  /** Namespace of the hosts. */
  hostNamespace: pulumi.Input<string>;
}

/** A claimed machine, as of the last `up` or `refresh`. */
export interface MachineStatus {
  /** Of the claim. */
  name: string;
  /**
   * `Pending`, `Available` or `Failed`: a machine that has failed is not replaced. Of Cluster API's, one that runs is available, and one whose host is in error
   * before that has failed.
   */
  phase: string;
  /** Its type of node; of Cluster API's the MachineDeployment. */
  type?: string;
  /** Name of its BareMetalHost, where one of both names the other. */
  host?: string;
  /** What Metal3 says that it is: `provisioned`, for example. */
  hostState?: string;
  /** What is wrong with it, or keeps it from being available yet, by its own conditions and its host's. */
  problems: string[];
}
