/**
 * What each machine with an encrypted disk has in Vault: a role of its own, named after it, whose policy lets it read and write the key of its own
 * disk, make its own next secret id, and read the script that it may have there. Taken back, nobody opens the disk any more. The key of a data disk that
 * outlives machines of that name is beside, and stays.
 */
import type { Unwrap } from "../../sdk/pulumi";
import { diskKeyPath, vaultDefaults } from "../../sdk/vault/defaults";
import type { MachineVaultArgs } from "../../sdk/vault/machine-vault";
import type { ProviderConfig } from "../server/resource";
import type { RoleSettings, VaultApi } from "./client";
import { connect } from "./connection";

export type MachineVault = Unwrap<MachineVaultArgs>;

/** Long enough for a machine that is made to boot. */
const wrapTtl = "2h";
/** A boot takes seconds. */
const tokenTtl = "10m";

/** What a machine's start script says for itself. */
export interface MachineCredential {
  roleId: string;
  wrappedSecretId: string;
  keyPath: string;
}

export interface MachineAccess {
  /**
   * A one-time credential. May be repeated: each time it is another.
   * @param script what the machine runs once its disk is open, if it gets that from here
   */
  grant(machine: string, signal: AbortSignal, script?: string): Promise<MachineCredential>;
  /** The key of a disk that is gone, where another machine gets its name: what was made for that one stays. May be repeated. */
  forgetKey(machine: string, signal: AbortSignal): Promise<void>;
  /** The key of a data disk of this machine, or of the next ones of its name, that is gone. May be repeated. */
  forgetDisk(machine: string, diskId: string, signal: AbortSignal): Promise<void>;
  /** Its role, its script, and the key of its disk; not those of its data disks. May be repeated. */
  revoke(machine: string, signal: AbortSignal): Promise<void>;
  /** Who has a role. */
  machines(signal: AbortSignal): Promise<string[]>;
}

/** @param scope what machines' names are unique in. Throws `InvalidArguments` where nobody can act. */
export function openMachineAccess(config: ProviderConfig, vault: MachineVault, scope: string): MachineAccess {
  return machineAccess(connect(config, vault), vault, scope);
}

function machineAccess(api: VaultApi, vault: MachineVault, scope: string): MachineAccess {
  const { authMount, keyMount, policy } = { ...vaultDefaults, ...vault };
  // Vault's roles have small letters; no project has a dot in its name.
  const beginning = `${scope}.`.toLowerCase();
  const roleOf = (machine: string) => `${beginning}${machine}`;
  const keyPath = (machine: string) => `gpu-clusters/${roleOf(machine)}`;
  const scriptPath = (machine: string) => `${keyPath(machine)}/start`;
  const settings: RoleSettings = { token_policies: [policy], token_ttl: tokenTtl, token_max_ttl: tokenTtl };
  return {
    async grant(machine, signal, script) {
      const role = roleOf(machine);
      await api.writeRole(authMount, role, settings, signal);
      // Not before the role, by which a sweep finds it.
      if (script !== undefined) await api.writeSecret(keyMount, scriptPath(machine), { script }, signal);
      const roleId = await api.roleId(authMount, role, signal);
      const wrappedSecretId = await api.wrappedSecretId(authMount, role, wrapTtl, signal);
      return { roleId, wrappedSecretId, keyPath: keyPath(machine) };
    },
    forgetKey: (machine, signal) => api.destroySecret(keyMount, keyPath(machine), signal),
    forgetDisk: (machine, diskId, signal) => api.destroySecret(keyMount, diskKeyPath(keyPath(machine), diskId), signal),
    async revoke(machine, signal) {
      // The role last: as long as it is there, a sweep finds what is left.
      await api.destroySecret(keyMount, scriptPath(machine), signal);
      await api.destroySecret(keyMount, keyPath(machine), signal);
      await api.deleteRole(authMount, roleOf(machine), signal);
    },
    async machines(signal) {
      const roles = await api.roles(authMount, signal);
      return roles.filter((role) => role.startsWith(beginning)).map((role) => role.slice(beginning.length));
    },
  };
}
