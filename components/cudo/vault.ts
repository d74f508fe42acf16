/** The Vault of a cluster with encrypted disks. */
import * as pulumi from "../../sdk/pulumi";
import { AutoscalerRole } from "../../sdk/vault/autoscaler-role";
import { autoscalerRoleName, vaultDefaults } from "../../sdk/vault/defaults";
import type { ClusterVaultArgs, MachineVaultArgs } from "../../sdk/vault/machine-vault";
import { vaultProblems } from "../../sdk/vault/problems";
import type { Problems } from "../errors";
import { known } from "../inputs";
import type { CudoClusterArgs } from "./args";
import type { DocumentVault } from "./documents";

/** Disks are encrypted, or the program says that they are not. */
export function checkVault({ vault, noVault = false }: CudoClusterArgs, problems: Problems): void {
  if (vault === undefined) {
    if (!noVault && !problems.isRefused("vault") && !problems.isRefused("noVault"))
      problems.add(
        "vault",
        'is required, for the keys of encrypted disks: { address: "https://vault.example.com:8200" }; or noVault: true leaves disks unencrypted',
      );
    return;
  }
  if (noVault)
    problems.add("noVault", "says that disks are not encrypted, and vault where their keys are: give one of them");
  for (const { property, reason } of vaultProblems({ address: known(vault.address) })) problems.add(property, reason);
}

/** As the machines' scripts have it. */
export function documentVault(vault: MachineVaultArgs | undefined): pulumi.Output<DocumentVault | undefined> {
  return pulumi.output(vault).apply((given) => {
    if (given === undefined) return undefined;
    const { address, certificateAuthority, namespace, authMount, keyMount } = { ...vaultDefaults, ...given };
    return {
      address,
      ...(certificateAuthority !== undefined && { certificateAuthority }),
      ...(namespace !== undefined && { namespace }),
      authMount,
      keyMount,
    };
  });
}

/** Of each machine. */
export function machineVault(given: ClusterVaultArgs | undefined): MachineVaultArgs | undefined {
  if (given === undefined) return undefined;
  const vault = { ...given };
  delete vault.autoscalerPolicy;
  return vault;
}

export interface AutoscalerPlace {
  /** Cudo's. */
  projectId: pulumi.Input<string>;
  clusterName: string;
  vault: ClusterVaultArgs;
}

/** What the autoscaler acts by, beside its key for the cloud: it gives the machines that it makes their access. Secret. */
export function withVaultRole(
  name: string,
  providers: pulumi.Output<Record<string, object>>,
  { projectId, clusterName, vault }: AutoscalerPlace,
  options: pulumi.CustomResourceOptions,
): pulumi.Output<Record<string, object>> {
  const role = pulumi.output(projectId).apply((project) => autoscalerRoleName(project, clusterName));
  const place = machineVault(vault)!;
  const { roleId, secretId } = new AutoscalerRole(
    name,
    { vault: place, role, policy: vault.autoscalerPolicy },
    options,
  );
  const authMount = place.authMount ?? vaultDefaults.authMount;
  return pulumi.secret(
    pulumi
      .all([providers, authMount, roleId, secretId])
      .apply(([providers, authMount, roleId, secretId]): Record<string, object> => ({
        ...providers,
        vault: { as: { authMount, roleId, secretId } },
      })),
  );
}
