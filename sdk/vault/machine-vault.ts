import type * as pulumi from "../pulumi";

/** Where a machine keeps the key of its encrypted disk: HashiCorp Vault, or OpenBao. */
export interface MachineVaultArgs {
  /** `https://host:port`, as the machine and who runs the program reach it. */
  address: pulumi.Input<string>;
  /** PEM of the authority that its certificate is from. Default: the authorities of each computer. */
  certificateAuthority?: pulumi.Input<string>;
  /** Of Vault Enterprise. */
  namespace?: pulumi.Input<string>;
  /**
   * Mount of an AppRole method that is for machines, and who makes them, alone.
   * @default "gpu-clusters"
   */
  authMount?: pulumi.Input<string>;
  /**
   * Mount of the KV engine, version 2. A machine's key is there under `gpu-clusters/<project>.<machine>`, a node group's under
   * `gpu-clusters/<project>.<cluster>.nodes.<machine>`.
   * @default "secret"
   */
  keyMount?: pulumi.Input<string>;
  /**
   * Policy that machines get: it must let each read and write its own key only.
   * @default "gpu-clusters-machine"
   */
  policy?: pulumi.Input<string>;
}

/** Where the machines of a cluster keep the keys of their encrypted disks. */
export interface ClusterVaultArgs extends MachineVaultArgs {
  /**
   * Policy that the cluster's autoscaler gets: it must let it make the roles of the cluster's workers, and no others.
   * @default "gpu-clusters-autoscaler"
   */
  autoscalerPolicy?: pulumi.Input<string>;
}
