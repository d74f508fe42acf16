import * as pulumi from "../pulumi";
import { resourceOptions, resourceProperties } from "../plugin/custom-resource";
import type { MachineVaultArgs } from "./machine-vault";

export interface AutoscalerRoleArgs {
  /** Where the machines have their roles. Another address, namespace or `authMount` makes another role. */
  vault: pulumi.Input<MachineVaultArgs>;
  /**
   * Name of the role, `<project>.<cluster>.nodes` in small letters: those of the machines of the cluster's node groups begin with it and a dot.
   * @replaceOnChanges
   */
  role: pulumi.Input<string>;
  /**
   * Its policy; docs/encrypted-disks.md has it.
   * @default "gpu-clusters-autoscaler"
   */
  policy?: pulumi.Input<string>;
}

/**
 * What a cluster's autoscaler acts by in Vault, or OpenBao, for the machines with encrypted disks that it makes: an AppRole and a secret id, with which it logs
 * in again and again. The provider's `vault.token` makes it. Deleting it ends that; tokens that are there end within half an hour. Where the secret id
 * was destroyed by other means, `pulumi up --refresh` makes another. It cannot be imported. `CudoCluster` makes its own.
 *
 * Cost: none.
 */
export class AutoscalerRole extends pulumi.CustomResource {
  static readonly __pulumiType = "gpu-clusters:vault:AutoscalerRole";

  public readonly role!: pulumi.Output<string>;
  public readonly roleId!: pulumi.Output<string>;
  /** @secret */
  public readonly secretId!: pulumi.Output<string>;

  constructor(name: string, args: AutoscalerRoleArgs, options?: pulumi.CustomResourceOptions) {
    super(
      AutoscalerRole.__pulumiType,
      name,
      resourceProperties(args, { outputs: ["role", "roleId", "secretId"] }),
      pulumi.mergeOptions(resourceOptions(options), { additionalSecretOutputs: ["secretId"] }),
    );
  }
}
