/** A VM's inputs as the live VM shows them: for refresh and import. Pure. */
import { matchesImage } from "../images";
import { reservedKeys } from "../ownership";
import type { Vm } from "../types";
import { inOrderOf, sameSet } from "../../cloud/inputs";
import { securityGroupsOf, type VmInputs } from "./vm-inputs";

/**
 * For a refresh. What Cudo does not show stays as it was, and so does what cannot change on a VM (its networks, whether it has a public
 * address): an address that is missing for a moment must not look like another VM.
 */
export function liveVmInputs(vm: Vm, before: VmInputs): VmInputs {
  const sameImage = vm.imageId === "" || matchesImage(before.image, vm.imageId);
  const metadata = ownMetadata(vm);
  const source = knownSource(vm.sshKeySource) ?? before.sshKeySource;
  return {
    ...before,
    dataCenterId: vm.dataCenterId || before.dataCenterId,
    machineType: vm.machineType || before.machineType,
    image: sameImage ? before.image : vm.imageId,
    vcpus: vm.vcpus || before.vcpus,
    memoryGib: vm.memoryGib || before.memoryGib,
    gpus: before.gpus === undefined && vm.gpus === 0 ? undefined : vm.gpus,
    diskSizeGib: before.diskSizeGib && (vm.bootDiskSizeGib || before.diskSizeGib),
    storageDiskIds: inOrderOf(before.storageDiskIds, vm.storageDiskIds),
    metadata: before.metadata === undefined && Object.keys(metadata).length === 0 ? undefined : metadata,
    sshKeySource: source,
    // With the other sources the list also holds keys that the program did not give.
    customSshKeys: source === "SSH_KEY_SOURCE_NONE" ? liveKeys(vm, before.customSshKeys) : before.customSshKeys,
    commitmentTerm: vm.commitmentTerm as VmInputs["commitmentTerm"],
    ...liveSecurityGroups(vm, before),
  };
}

/** For an import. The start script is nowhere to be read. */
export function importedVmInputs(vm: Vm): VmInputs {
  const metadata = ownMetadata(vm);
  const networks = vm.nics.filter((nic) => nic.networkId !== "");
  const nics = networks.map((nic) => ({
    networkId: nic.networkId,
    assignPublicIp: nic.externalIpAddress !== "" || (networks.length === 1 && vm.externalIpAddress !== ""),
    securityGroupIds: networks.length === 1 ? vm.securityGroupIds : nic.securityGroupIds,
  }));
  const source = knownSource(vm.sshKeySource) ?? "SSH_KEY_SOURCE_NONE";
  return {
    vmId: vm.id,
    dataCenterId: vm.dataCenterId,
    machineType: vm.machineType,
    image: vm.imageId,
    vcpus: vm.vcpus,
    memoryGib: vm.memoryGib,
    gpus: vm.gpus,
    diskSizeGib: vm.bootDiskSizeGib,
    storageDiskIds: inOrderOf(undefined, vm.storageDiskIds),
    metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
    sshKeySource: source,
    customSshKeys: source === "SSH_KEY_SOURCE_NONE" ? inOrderOf(undefined, vm.authorizedSshKeys) : undefined,
    commitmentTerm: vm.commitmentTerm as VmInputs["commitmentTerm"],
    ...(nics.length > 0 ? { nics } : { securityGroupIds: inOrderOf(undefined, vm.securityGroupIds) }),
  };
}

function ownMetadata(vm: Vm): Record<string, string> {
  return Object.fromEntries(Object.entries(vm.metadata).filter(([key]) => !reservedKeys.includes(key)));
}

function knownSource(source: string): VmInputs["sshKeySource"] {
  const known = ["SSH_KEY_SOURCE_PROJECT", "SSH_KEY_SOURCE_USER", "SSH_KEY_SOURCE_NONE"] as const;
  return known.find((each) => each === source);
}

/** A comment behind the key is no part of it. */
function liveKeys(vm: Vm, before: VmInputs["customSshKeys"]): VmInputs["customSshKeys"] {
  const material = (keys: readonly string[]) => keys.map((key) => key.trim().split(/\s+/).slice(0, 2).join(" "));
  return before && sameSet(material(before), material(vm.authorizedSshKeys))
    ? before
    : inOrderOf(before, vm.authorizedSshKeys);
}

function liveSecurityGroups(vm: Vm, before: VmInputs): Pick<VmInputs, "nics" | "securityGroupIds"> {
  const { nics, securityGroupIds } = before;
  if (sameSet(securityGroupsOf(before), vm.securityGroupIds)) {
    return { nics, securityGroupIds };
  }
  if (!nics?.length) {
    return { nics, securityGroupIds: vm.securityGroupIds };
  }
  const [only, ...others] = nics;
  // With several interfaces nobody can tell which one a group came through; a change of them would make a new VM.
  return { nics: others.length === 0 ? [{ ...only!, securityGroupIds: vm.securityGroupIds }] : nics, securityGroupIds };
}
