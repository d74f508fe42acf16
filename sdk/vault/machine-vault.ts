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
   * Mount of an AppRole method that is for machines alone.
   * @default "gpu-clusters"
   */
  authMount?: pulumi.Input<string>;
  /**
   * Mount of the KV engine, version 2. A machine's key is there under `gpu-clusters/<project>.<machine>`.
   * @default "secret"
   */
  keyMount?: pulumi.Input<string>;
  /**
   * Policy that machines get: it must let each read and write its own key only.
   * @default "gpu-clusters-machine"
   */
  policy?: pulumi.Input<string>;
}
