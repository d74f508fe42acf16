/** What is wrong with where machines keep the keys of their disks. */
import { vaultDefaults } from "../../sdk/vault/defaults";
import type { MachineVaultArgs } from "../../sdk/vault/machine-vault";
import { vaultProblems } from "../../sdk/vault/problems";
import { known, type Fields } from "../cloud/inputs";
import type { CheckFailure, Unknowable } from "../server/resource";
import { isUnknown } from "../server/values";
import type { MachineVault } from "./machine-access";

/** Machines that are there find their keys in no other place. */
const lasting = ["address", "namespace", "authMount", "keyMount"] as const;

export function checkMachineVault(
  given: Unknowable<MachineVault> | undefined,
  before: MachineVault | undefined,
): CheckFailure[] {
  if (isUnknown(given)) return [];
  const inputs = given as Fields<MachineVaultArgs> | undefined;
  const failures = vaultProblems({ address: known(inputs?.address as Unknowable<string> | undefined) });
  if (before === undefined) return failures;
  if (inputs === undefined)
    return [{ property: "vault", reason: "cannot be taken away: machines that are there have keys in it" }];
  for (const field of lasting) {
    const values = { ...vaultDefaults, ...before } as Partial<Record<string, string>>;
    const wanted = { ...vaultDefaults, ...inputs } as Partial<Record<string, unknown>>;
    if (!isUnknown(wanted[field]) && wanted[field] !== values[field])
      failures.push({
        property: `vault.${field}`,
        reason: `must stay ${JSON.stringify(values[field] ?? "as it is, not there")}: machines that are there find their keys in no other place`,
      });
  }
  return failures;
}
