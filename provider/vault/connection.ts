/** From the provider's configuration to the Vault that a resource names. */
import { record } from "../cloud/json";
import { InvalidArguments, type ProviderConfig } from "../server/resource";
import { createVaultClient, type VaultApi } from "./client";
import type { MachineVault } from "./machine-access";
import type { RoleCredential } from "./session";

/** Part of the provider's configuration. `as` is the autoscaler's, which has no token in it. */
export interface VaultConfig {
  token?: string;
  as?: RoleCredential;
}

const open = new Map<string, VaultApi>();

/** One client for each, so that a login serves several calls. Throws `InvalidArguments` where nobody can act. */
export function connect(config: ProviderConfig, vault: MachineVault): VaultApi {
  const { token, as = token } = record(config["vault"]) as VaultConfig;
  if (as === undefined) {
    const reason = "is missing: set it in the provider's configuration, or VAULT_TOKEN in the environment";
    throw new InvalidArguments([{ property: "vault.token", reason }]);
  }
  const { certificateAuthority, namespace } = vault;
  const account = { address: vault.address.replace(/\/+$/, ""), as, certificateAuthority, namespace };
  const key = JSON.stringify(account);
  const api = open.get(key) ?? createVaultClient(account);
  open.set(key, api);
  return api;
}
