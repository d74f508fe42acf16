import type { ResourceContext, ResourceHandler } from "../../server/resource";
import { cudoId } from "../../../sdk/cudo/ids";
import { openMachineAccess, type MachineAccess } from "../../vault/machine-access";
import type { CudoApi } from "../api";
import { resolveImage } from "../images";
import { metadataKeys } from "../ownership";
import type { Vm } from "../types";
import { isLeaving } from "../vm-state";
import { connect, type Connection } from "../connection";
import { limited } from "../../cloud/limited";
import { ownerMark } from "../../cloud/owner-mark";
import { twoHours } from "./inputs";
import { bringDown, bringUp } from "./lifecycle";
import { checkVm, gone, planVm, type VmInputs, type VmOutputs } from "./vm-inputs";
import { vmLifecycle, vmOutputs } from "./vm-lifecycle";
import { importedVmInputs, liveVmInputs } from "./vm-live-inputs";
import { changeVm } from "./vm-update";

export const vmHandler: ResourceHandler<VmInputs, VmOutputs> = {
  check: checkVm,
  plan: planVm,

  async create(inputs, context) {
    const connection = connect(context.config);
    const id = inputs.vmId ?? cudoId(context.name);
    const vm = await limited(context, { what: `creating VM "${id}"`, ms: twoHours }, (signal) =>
      make(connection, id, inputs, context, signal),
    );
    return { id, outputs: vmOutputs(connection.api, vm) };
  },

  async read(id, state, context) {
    const { api } = connect(context.config);
    const vm = await api.vms.find(id, context.signal);
    // What it has in Vault is still there: `up` makes it anew, or `destroy` takes that back.
    if (!vm || isLeaving(vm) || (state && isForeign(vm, state.outputs, context)))
      return state?.inputs.vault && { ...state, outputs: { ...state.outputs, state: gone } };
    const inputs = state ? liveVmInputs(vm, state.inputs) : importedVmInputs(vm);
    return { inputs, outputs: vmOutputs(api, vm) };
  },

  async update(id, inputs, state, context) {
    const connection = connect(context.config);
    const { api } = connection;
    return limited(context, { what: `changing VM "${id}"`, ms: twoHours }, async (signal) => {
      const vm = await api.vms.find(id, signal);
      if (vm) refuseForeign(vm, state.outputs, context);
      const wasReady = Boolean(state.outputs.externalIpAddress || state.outputs.internalIpAddress);
      // A create that was interrupted goes on; one that failed meanwhile starts anew. A VM that has worked is never removed here.
      if (vm && !isLeaving(vm) && (wasReady || vm.state !== "FAILED")) {
        const change = { api, id, inputs, state, signal, status: (message: string) => context.log.status(message) };
        return vmOutputs(api, await changeVm(change));
      }
      if (vm) {
        const lifecycle = vmLifecycle(api, {
          id,
          urn: context.urn,
          inputs,
          imageId: vm.imageId,
          access: accessOf(context, inputs, api),
        });
        await bringDown(lifecycle, { signal, log: context.log });
      }
      // Another machine gets another key. One whose create was cut short may come yet, with what it was given.
      else if (wasReady || state.outputs.state === gone) await accessOf(context, inputs, api)?.revoke(id, signal);
      return vmOutputs(api, await make(connection, id, inputs, context, signal));
    });
  },

  async delete(id, { inputs, outputs }, context) {
    const { api } = connect(context.config);
    const lifecycle = vmLifecycle(api, {
      id,
      urn: context.urn,
      inputs,
      imageId: outputs.imageId,
      access: accessOf(context, inputs, api),
    });
    await limited(context, { what: `deleting VM "${id}"`, ms: twoHours }, async (signal) => {
      const vm = await lifecycle.find(signal);
      if (vm) refuseForeign(vm, outputs, context);
      await bringDown(lifecycle, { signal, log: context.log });
    });
  },
};

/** Of a create whose outcome was unknown: what has the id by now is known by its mark. */
function isForeign(vm: Vm, { createdAt }: Partial<VmOutputs>, { urn }: ResourceContext): boolean {
  return createdAt === undefined && vm.metadata[metadataKeys.owner] !== ownerMark(urn);
}

function refuseForeign(vm: Vm, outputs: Partial<VmOutputs>, context: ResourceContext): void {
  if (!isForeign(vm, outputs, context)) return;
  throw new Error(
    `a VM "${vm.id}" exists, and this resource did not make it: nothing of it is changed. Delete it if nobody needs it, or take the resource out of the state ` +
      "(`pulumi state delete`) and choose another vmId",
  );
}

function accessOf({ config }: ResourceContext, { vault }: VmInputs, { projectId }: CudoApi): MachineAccess | undefined {
  return vault && openMachineAccess(config, vault, projectId);
}

async function make(
  { api, catalogue }: Connection,
  id: string,
  inputs: VmInputs,
  context: ResourceContext,
  signal: AbortSignal,
): Promise<Vm> {
  const image = resolveImage(inputs.image, (await catalogue.read(signal)).images);
  if (!image) {
    throw new Error(`image: no image has the id "${inputs.image}" or begins with it`);
  }
  const lifecycle = vmLifecycle(api, {
    id,
    urn: context.urn,
    inputs,
    imageId: image.id,
    access: accessOf(context, inputs, api),
  });
  // Of an earlier run, or of this resource where it is replaced: there is nothing to go on with.
  const found = await lifecycle.find(signal);
  const operation = { signal, log: context.log };
  if (found?.state !== "FAILED" || !lifecycle.made?.(found))
    return bringUp({ ...lifecycle, looked: { found } }, operation);
  await bringDown(lifecycle, operation);
  return bringUp(lifecycle, operation);
}
