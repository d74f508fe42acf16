/** Making and deleting a VM. */
import type { CudoApi } from "../api";
import { CudoApiError, isCudoError } from "../errors";
import { matchesImage } from "../images";
import { ownerMark } from "../../cloud/owner-mark";
import { makeEncryptionKey } from "../../kubernetes/cluster-keys";
import type { MachineAccess } from "../../vault/machine-access";
import { fillScript, metadataKeys, providerId, scriptMark } from "../ownership";
import type { Vm } from "../types";
import { isLeaving, isReady, isSettled } from "../vm-state";
import type { Lifecycle } from "./lifecycle";
import type { VmInputs, VmOutputs } from "./vm-inputs";

export interface VmPlan {
  readonly id: string;
  readonly urn: string;
  readonly inputs: VmInputs;
  /** The image that `image` means now. */
  readonly imageId: string;
  /** Where its disk is encrypted: what it has in Vault. */
  readonly access: MachineAccess | undefined;
}

export function vmLifecycle(api: CudoApi, { id, urn, inputs, imageId, access }: VmPlan): Lifecycle<Vm> {
  const own = { projectId: api.projectId, vmId: id };
  // Each credential is another, and makes it no other script.
  const startScript = inputs.startScript && fillScript(inputs.startScript, own);
  const vaultScript = inputs.vaultScript && fillScript(inputs.vaultScript, own);
  const scripts = vaultScript === undefined ? startScript : JSON.stringify([startScript, vaultScript]);
  const marks = { [metadataKeys.owner]: ownerMark(urn), [metadataKeys.script]: scriptMark(urn, scripts) };
  const send = async (signal: AbortSignal) => {
    // Vault alone has the key: no state does, and Cudo does not either.
    const filled = vaultScript && fillScript(vaultScript, { ...own, secretsKey: makeEncryptionKey() });
    const credential = await access?.grant(id, signal, filled);
    await api.vms.create(
      {
        vmId: id,
        dataCenterId: inputs.dataCenterId,
        machineType: inputs.machineType,
        bootDiskImageId: imageId,
        vcpus: inputs.vcpus,
        memoryGib: inputs.memoryGib,
        gpus: inputs.gpus ?? 0,
        bootDiskSizeGib: inputs.diskSizeGib,
        storageDiskIds: inputs.storageDiskIds,
        nics: inputs.nics,
        securityGroupIds: inputs.nics?.length ? undefined : inputs.securityGroupIds,
        sshKeySource: inputs.sshKeySource ?? "SSH_KEY_SOURCE_NONE",
        customSshKeys: inputs.customSshKeys,
        startScript: startScript && fillScript(startScript, { ...own, credential }),
        metadata: { ...inputs.metadata, ...marks },
        commitmentTerm: inputs.commitmentTerm,
      },
      signal,
    );
  };
  return {
    kind: "VM",
    id,
    importHint: `pulumi import gpu-clusters:cudo:Vm <name> ${id}`,
    find: async (signal) => {
      const vm = await api.vms.find(id, signal);
      return vm?.state === "DELETED" ? undefined : vm;
    },
    send: (signal) => send(signal).catch((error: unknown) => Promise.reject(explainShortage(error, inputs))),
    made: (vm) => vm.metadata[metadataKeys.owner] === marks[metadataKeys.owner],
    differences: (vm) => differences(vm, inputs, marks[metadataKeys.script]!),
    leaving: isLeaving,
    ready: (vm) => isReady(vm, expected(inputs)),
    failed: ({ state, shortState }) =>
      state === "FAILED"
        ? `Cudo reports the state FAILED${shortState && ` (${shortState})`} and gives no reason; often hosts or public addresses have run out`
        : undefined,
    halted: (vm) => (isSettled(vm) && vm.state !== "ACTIVE" ? haltedAdvice(vm) : undefined),
    progress: ({ state }) => state,
    remove: (signal) => api.vms.terminate(id, signal),
    clean: async (signal) => access?.revoke(id, signal),
    stuck: (vm) => Promise.resolve(isSettled(vm) ? `Cudo refuses to terminate it in the state ${vm.state}` : undefined),
    outputs: (vm) => (vm ? vmOutputs(api, vm) : { vmId: id, imageId, providerId: providerId(api.projectId, id) }),
  };
}

/** Cudo says so of a VM that somebody stopped, and of one whose account cannot pay. */
function haltedAdvice({ id, state }: Vm): string {
  return `VM "${id}" is ${state} and does not come up by itself: look in Cudo's console whether the project's billing account has credit, and start it there`;
}

export function expected({ nics, storageDiskIds }: VmInputs) {
  return {
    publicAddress: !nics?.length || nics.some((nic) => nic.assignPublicIp),
    storageDisks: storageDiskIds?.length ?? 0,
  };
}

export function vmOutputs(api: CudoApi, vm: Vm): VmOutputs {
  return {
    vmId: vm.id,
    diskSizeGib: vm.bootDiskSizeGib,
    imageId: vm.imageId,
    gpuModel: vm.gpus > 0 ? vm.gpuModel : "",
    internalIpAddress: vm.internalIpAddress,
    externalIpAddress: vm.externalIpAddress,
    providerId: providerId(api.projectId, vm.id),
    state: vm.state,
    createdAt: vm.createTime,
  };
}

/** What Cudo does not report is not compared. */
function differences(vm: Vm, inputs: VmInputs, script: string): string[] {
  const networks = (inputs.nics ?? []).map((nic) => nic.networkId);
  const checks: [string, unknown, unknown][] = [
    ["data center", vm.dataCenterId || inputs.dataCenterId, inputs.dataCenterId],
    ["machine type", vm.machineType || inputs.machineType, inputs.machineType],
    ["vcpus", vm.vcpus || inputs.vcpus, inputs.vcpus],
    ["memoryGib", vm.memoryGib || inputs.memoryGib, inputs.memoryGib],
    ["gpus", vm.gpus, inputs.gpus ?? 0],
    [
      "diskSizeGib",
      inputs.diskSizeGib === undefined ? undefined : vm.bootDiskSizeGib || inputs.diskSizeGib,
      inputs.diskSizeGib,
    ],
    ["networks", networks.length === 0 ? "" : vm.nics.map((nic) => nic.networkId).join(), networks.join()],
  ];
  const found = checks.filter(([, live, wanted]) => live !== wanted).map(([what, live]) => `${what} ${String(live)}`);
  if (vm.imageId && !matchesImage(inputs.image, vm.imageId)) found.push(`image ${vm.imageId}`);
  if ((vm.metadata[metadataKeys.script] ?? "none") !== script) found.push("another start script");
  return found;
}

/** Cudo reports a shortage with the code of a wrong argument: say which it is. */
function explainShortage(
  error: unknown,
  { dataCenterId, machineType }: Pick<VmInputs, "dataCenterId" | "machineType">,
): unknown {
  if (!isCudoError(error, "capacity")) {
    return error;
  }
  const { httpStatus, grpcCode, details, requestId, retryAfter } = error;
  const cloudMessage = `${error.cloudMessage.replace(/\.$/, "")}. This is a shortage of ${machineType} in ${dataCenterId} now, not a mistake in the arguments: try later, or another data center or machine type`;
  const init = {
    request: "creating a VM",
    httpStatus,
    grpcCode,
    cloudMessage,
    details,
    requestId,
    retryAfter,
    kind: error.kind,
  };
  return new CudoApiError(init, { cause: error });
}
