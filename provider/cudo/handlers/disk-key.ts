/** The key of what is on a disk: in Vault, made and read by the VM that has the disk, and destroyed when there is no such disk any more. */
import type { DiskEncryptionArgs } from "../../../sdk/cudo/disk";
import type { Unwrap } from "../../../sdk/pulumi";
import { known, type Fields } from "../../cloud/inputs";
import type { CheckFailure, ResourceContext, Unknowable } from "../../server/resource";
import { isUnknown } from "../../server/values";
import { checkMachineVault } from "../../vault/checks";
import { openMachineAccess } from "../../vault/machine-access";
import { checkId } from "./inputs";

export type DiskEncryption = Unwrap<DiskEncryptionArgs>;

export function checkDiskEncryption(
  given: Unknowable<DiskEncryption> | undefined,
  before: DiskEncryption | undefined,
): CheckFailure[] {
  if (isUnknown(given)) return [];
  if (given === undefined) {
    const reason = "cannot be taken away: the key of what is on the disk is in Vault, and goes with the disk";
    return before === undefined ? [] : [{ property: "encryption", reason }];
  }
  const { vault, vmId } = given as Fields<DiskEncryption>;
  const inVault = checkMachineVault(vault, before?.vault);
  const failures = [
    ...inVault.map(({ property, reason }) => ({ property: `encryption.${property}`, reason })),
    ...checkId("encryption.vmId", vmId),
  ];
  const wanted = known(vmId);
  if (before !== undefined && wanted !== undefined && wanted !== before.vmId) {
    const reason = `must stay "${before.vmId}": the key of what is on the disk is under that name`;
    failures.push({ property: "encryption.vmId", reason });
  }
  return failures;
}

/** Undefined for a disk in plain text. May be repeated. */
export type ForgetKey = (signal: AbortSignal) => Promise<void>;

export function forgetKey(
  { config }: ResourceContext,
  encryption: DiskEncryption | undefined,
  place: { projectId: string; diskId: string },
): ForgetKey | undefined {
  if (encryption === undefined) return undefined;
  const access = openMachineAccess(config, encryption.vault, place.projectId);
  return (signal) => access.forgetDisk(encryption.vmId, place.diskId, signal);
}
