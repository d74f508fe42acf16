import type { ResourceContext, ResourceHandler } from "../../plugin/resource";
import { cudoId } from "../ids";
import { matchesImage, resolveImage } from "../images";
import { reservedKeys } from "../ownership";
import type { Vm } from "../types";
import { isLeaving } from "../vm-state";
import { withDeadline } from "../wait";
import { connect, type Connection } from "./connection";
import { inOrderOf, sameSet, timeLimit, twoHours } from "./inputs";
import { bringDown, bringUp } from "./lifecycle";
import { checkVm, planVm, securityGroupsOf, type VmInputs, type VmOutputs } from "./vm-inputs";
import { vmLifecycle, vmOutputs } from "./vm-lifecycle";
import { changeVm } from "./vm-update";

export const vmHandler: ResourceHandler<VmInputs, VmOutputs> = {
  check: checkVm,
  plan: planVm,

  async create(inputs, context) {
    const connection = connect(context.config);
    const id = inputs.vmId ?? cudoId(context.name);
    const vm = await limited("creating", id, context, (signal) => make(connection, id, inputs, context, signal));
    return { id, outputs: vmOutputs(connection.api, vm) };
  },

  async read(id, state, context) {
    const { api } = connect(context.config);
    const vm = await api.vms.find(id, context.signal);
    return vm && !isLeaving(vm) ? { inputs: liveInputs(vm, state?.inputs), outputs: vmOutputs(api, vm) } : undefined;
  },

  async update(id, inputs, state, context) {
    const connection = connect(context.config);
    const { api } = connection;
    return limited("changing", id, context, async (signal) => {
      const vm = await api.vms.find(id, signal);
      const wasReady = Boolean(state.outputs.externalIpAddress || state.outputs.internalIpAddress);
      // A create that was interrupted goes on; one that failed meanwhile starts anew. A VM that has worked is never removed here.
      if (vm && !isLeaving(vm) && (wasReady || vm.state !== "FAILED")) {
        const change = { api, id, inputs, state, signal, status: (message: string) => context.log.status(message) };
        return vmOutputs(api, await changeVm(change));
      }
      if (vm) {
        const lifecycle = vmLifecycle(api, { id, urn: context.urn, inputs, imageId: vm.imageId });
        await bringDown(lifecycle, { signal, log: context.log });
      }
      return vmOutputs(api, await make(connection, id, inputs, context, signal));
    });
  },

  async delete(id, { inputs, outputs }, context) {
    const { api } = connect(context.config);
    const lifecycle = vmLifecycle(api, { id, urn: context.urn, inputs, imageId: outputs.imageId });
    await limited("deleting", id, context, (signal) => bringDown(lifecycle, { signal, log: context.log }));
  },
};

function limited<T>(
  verb: string,
  id: string,
  context: ResourceContext,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withDeadline({ signal: context.signal, ms: timeLimit(context, twoHours), what: `${verb} VM "${id}"` }, work);
}

async function make(
  { api, catalogue }: Connection,
  id: string,
  inputs: VmInputs,
  context: ResourceContext,
  signal: AbortSignal,
): Promise<Vm> {
  const image = resolveImage(inputs.bootDiskImageId, (await catalogue.read(signal)).images);
  if (!image) {
    throw new Error(`bootDiskImageId: no image has the id "${inputs.bootDiskImageId}" or begins with it`);
  }
  const lifecycle = vmLifecycle(api, { id, urn: context.urn, inputs, imageId: image.id });
  return bringUp(lifecycle, { signal, log: context.log });
}

/** The inputs as the live VM shows them; what Cudo does not show stays as it was. */
function liveInputs(vm: Vm, before: VmInputs | undefined): VmInputs {
  const image =
    before && vm.imageId && matchesImage(before.bootDiskImageId, vm.imageId) ? before.bootDiskImageId : vm.imageId;
  const metadata = Object.entries(vm.metadata).filter(([key]) => !reservedKeys.includes(key));
  const inputs: VmInputs = {
    ...(before ?? {
      vmId: vm.id,
      gpus: 0,
      sshKeySource: "SSH_KEY_SOURCE_NONE",
      commitmentTerm: "COMMITMENT_TERM_NONE",
    }),
    dataCenterId: vm.dataCenterId,
    machineType: vm.machineType,
    bootDiskImageId: image || before?.bootDiskImageId || "",
    vcpus: vm.vcpus,
    memoryGib: vm.memoryGib,
    gpus: vm.gpus === 0 && before?.gpus === undefined ? before?.gpus : vm.gpus,
    storageDiskIds: inOrderOf(before?.storageDiskIds, vm.storageDiskIds),
    metadata: metadata.length === 0 && before?.metadata === undefined ? undefined : Object.fromEntries(metadata),
    commitmentTerm: vm.commitmentTerm as VmInputs["commitmentTerm"],
  };
  if (before === undefined || before.bootDiskSizeGib !== undefined) inputs.bootDiskSizeGib = vm.bootDiskSizeGib;
  const source = (vm.sshKeySource || before?.sshKeySource) as VmInputs["sshKeySource"];
  inputs.sshKeySource = source;
  // With the other sources the list also holds keys that the program did not give.
  if (source === "SSH_KEY_SOURCE_NONE") inputs.customSshKeys = inOrderOf(before?.customSshKeys, vm.authorizedSshKeys);
  return { ...inputs, ...livePlaces(vm, before) };
}

function livePlaces(vm: Vm, before: VmInputs | undefined): Pick<VmInputs, "nics" | "securityGroupIds"> {
  const wanted = before ? securityGroupsOf(before) : undefined;
  const sameGroups = wanted !== undefined && sameSet(wanted, vm.securityGroupIds);
  const networks = vm.nics.filter((nic) => nic.networkId !== "");
  if (networks.length === 0) {
    const securityGroupIds = sameGroups ? before?.securityGroupIds : vm.securityGroupIds;
    return { nics: before?.nics?.length ? [] : before?.nics, securityGroupIds };
  }
  const nics = networks.map((nic, index) => {
    const old = before?.nics?.[index];
    const publicAddress = nic.externalIpAddress !== "" || (networks.length === 1 && vm.externalIpAddress !== "");
    const groups =
      nic.securityGroupIds.length > 0 ? nic.securityGroupIds : networks.length === 1 ? vm.securityGroupIds : [];
    return {
      networkId: nic.networkId,
      assignPublicIp: publicAddress || old?.assignPublicIp === undefined ? publicAddress || old?.assignPublicIp : false,
      securityGroupIds: sameGroups && old ? old.securityGroupIds : groups,
    };
  });
  return { nics, securityGroupIds: before?.securityGroupIds };
}
