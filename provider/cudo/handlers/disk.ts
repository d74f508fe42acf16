import type * as pulumi from "../../../sdk/pulumi";
import type { ResourceContext, ResourceHandler } from "../../server/resource";
import { messageOf } from "../../../sdk/message";
import type { CudoApi } from "../api";
import { isCudoError } from "../errors";
import type { DiskArgs } from "../../../sdk/cudo/disk";
import { cudoId } from "../../../sdk/cudo/ids";
import type { Disk } from "../types";
import { isLeaving } from "../vm-state";
import { waitFor } from "../../cloud/wait";
import { connect } from "../connection";
import { known } from "../../cloud/inputs";
import { limited } from "../../cloud/limited";
import { checkDiskEncryption, forgetKey } from "./disk-key";
import { checkId, twentyMinutes } from "./inputs";
import { bringDown, bringUp, type Lifecycle } from "./lifecycle";

export type DiskInputs = pulumi.Unwrap<DiskArgs>;

export interface DiskOutputs {
  diskId: string;
}

export const diskHandler: ResourceHandler<DiskInputs, DiskOutputs> = {
  check(inputs, _context, before) {
    const failures = [
      ...checkId("diskId", inputs.diskId),
      ...checkDiskEncryption(inputs.encryption, before?.encryption),
    ];
    const sizeGib = known(inputs.sizeGib);
    if (sizeGib !== undefined && sizeGib < 1) {
      failures.push({ property: "sizeGib", reason: `must be at least 1, is ${sizeGib}` });
    }
    return failures;
  },

  plan(state, inputs) {
    const id = state.inputs.diskId ?? state.outputs.diskId;
    const sameId = inputs.diskId === undefined || inputs.diskId === id;
    const sizeGib = known(inputs.sizeGib);
    const shrinks = sizeGib !== undefined && sizeGib < state.inputs.sizeGib;
    return { ignores: sameId ? ["diskId"] : [], replaces: shrinks ? ["sizeGib"] : [], deleteBeforeReplace: sameId };
  },

  async create(inputs, context) {
    const { api } = connect(context.config);
    const id = inputs.diskId ?? cudoId(context.name);
    await limited(context, { what: `creating disk "${id}"`, ms: twentyMinutes }, (signal) =>
      bringUp(withoutOldKey(lifecycle(api, id, inputs), { api, id, inputs }, context), { signal, log: context.log }),
    );
    return { id, outputs: outputs(id) };
  },

  async read(id, state, context) {
    const { api } = connect(context.config);
    const disk = await api.disks.find(id, context.signal);
    if (!disk || disk.state === "DELETING") {
      // Its key is still there: `up` makes another disk, or `destroy` takes the key back.
      return state?.inputs.encryption && { ...state, inputs: { ...state.inputs, sizeGib: 0 } };
    }
    const inputs = { ...(state?.inputs ?? { diskId: id }), dataCenterId: disk.dataCenterId, sizeGib: disk.sizeGib };
    return { inputs, outputs: outputs(id) };
  },

  async update(id, inputs, _state, context) {
    const { api } = connect(context.config);
    await limited(context, { what: `changing disk "${id}"`, ms: twentyMinutes }, async (signal) => {
      // After an interrupted create it may not be there yet, and one that somebody deleted is made anew.
      const goOn = { ...lifecycle(api, id, inputs), made: () => true, differences: () => [] };
      const disk = await bringUp(withoutOldKey(goOn, { api, id, inputs }, context), { signal, log: context.log });
      if (inputs.sizeGib > disk.sizeGib) await grow(api, disk, inputs.sizeGib, signal);
    });
    return outputs(id);
  },

  async delete(id, { inputs }, context) {
    const { api } = connect(context.config);
    const forget = forgetKey(context, inputs.encryption, { projectId: api.projectId, diskId: id });
    await limited(context, { what: `deleting disk "${id}"`, ms: twentyMinutes }, async (signal) => {
      await bringDown(lifecycle(api, id, inputs), { signal, log: context.log });
      await forget?.(signal);
    });
  },
};

interface Making {
  api: CudoApi;
  id: string;
  inputs: DiskInputs;
}

/**
 * A disk of its name that somebody deleted may have left its key. That goes once Cudo has taken the order for this one, and with it said that there
 * was none: where Cudo only does not find a disk, the key may be that of one which is there.
 */
function withoutOldKey(
  object: Lifecycle<Disk>,
  { api, id, inputs }: Making,
  context: ResourceContext,
): Lifecycle<Disk> {
  const forget = forgetKey(context, inputs.encryption, { projectId: api.projectId, diskId: id });
  if (forget === undefined) return object;
  const send = async (signal: AbortSignal) => {
    await object.send(signal);
    await forget(signal).catch((error: unknown) => {
      context.log.warn(
        `an earlier disk "${id}" may have left its key in Vault, which could not be destroyed and is this one's then; \`gpu-clusters-disk-key rotate\` on ` +
          `VM "${inputs.encryption!.vmId}" gives it another: ${messageOf(error)}`,
      );
    });
  };
  return { ...object, send };
}

async function grow(api: CudoApi, disk: Disk, sizeGib: number, signal: AbortSignal): Promise<void> {
  if (!disk.vmId) {
    throw new Error(
      `sizeGib: disk "${disk.id}" has ${disk.sizeGib} GiB and is attached to no VM; Cudo grows a disk only while it is attached. ` +
        `Attach it (Vm.storageDiskIds), or go back to sizeGib ${disk.sizeGib}`,
    );
  }
  await api.vms.growDisk(disk.vmId, { diskId: disk.id, sizeGib }, signal).catch(async (error: unknown) => {
    // What is refused may be what was done: a request whose answer was lost is sent again.
    if (!isCudoError(error, "precondition", "invalid")) throw error;
    const now = await api.disks.find(disk.id, signal);
    if (now === undefined || now.sizeGib < sizeGib) throw error;
  });
  await waitFor(async () => {
    const now = await api.disks.find(disk.id, signal);
    return now && now.sizeGib >= sizeGib && now.state !== "UPDATING" ? now : undefined;
  }, signal);
}

function lifecycle(api: CudoApi, id: string, { dataCenterId, sizeGib }: DiskInputs): Lifecycle<Disk> {
  return {
    kind: "disk",
    id,
    importHint: `pulumi import gpu-clusters:cudo:Disk <name> ${id}`,
    find: (signal) => api.disks.find(id, signal),
    send: (signal) => api.disks.create({ id, dataCenterId, sizeGib }, signal),
    differences: (found) => [
      ...(found.dataCenterId === dataCenterId ? [] : [`data center ${found.dataCenterId}`]),
      ...(found.sizeGib === sizeGib ? [] : [`${found.sizeGib} GiB`]),
    ],
    leaving: ({ state }) => state === "DELETING",
    ready: ({ state }) => state === "READY" || state === "ATTACHED",
    failed: ({ state }) => (state === "FAILED" ? "Cudo reports the state FAILED and gives no reason" : undefined),
    progress: ({ state }) => state,
    remove: (signal) => api.disks.delete(id, signal),
    stuck: async ({ vmId }, signal) => {
      const vm = vmId ? await api.vms.find(vmId, signal) : undefined;
      return vm && !isLeaving(vm) ? `it is attached to VM "${vmId}"` : undefined;
    },
    outputs: () => outputs(id),
  };
}

function outputs(id: string): DiskOutputs {
  return { diskId: id };
}
