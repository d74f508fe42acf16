import { PartialFailure, type ResourceContext, type ResourceHandler } from "../../server/resource";
import { isUnknown } from "../../server/values";
import { kubernetesApi } from "../../kubernetes/client";
import { OutcomeUnknown } from "../create-once";
import { remarkNodes } from "../group-nodes";
import type { CudoNodeGroupDriver } from "../node-group-driver";
import { nodeMarks, openGroup } from "../open-node-group";
import { metadataKeys } from "../ownership";
import { connect } from "../connection";
import { known, type Fields } from "../../cloud/inputs";
import { limited } from "../../cloud/limited";
import { twoHours } from "./inputs";
import { messageOf } from "./lifecycle";
import {
  checkNodeGroup,
  clampSize,
  importedInputs,
  type NodeGroupInputs,
  type NodeGroupOutputs,
} from "./node-group-inputs";

/** Must end within the grace of an interrupted operation. */
const lookAfterAbortMs = 3_000;

export const nodeGroupHandler: ResourceHandler<NodeGroupInputs, NodeGroupOutputs> = {
  check: checkNodeGroup,

  plan({ outputs }, given) {
    const inputs = given as Fields<NodeGroupInputs>;
    const size = outputs.size ?? 0;
    const tooFew = size < (known(inputs.minSize) ?? 0);
    const tooMany = size > (known(inputs.maxSize) ?? Infinity);
    // Old and new group would carry the same marks, and deleting the old one would take the new one's machines.
    const deleteBeforeReplace = true;
    return { ignores: ["initialSize"], outputs: tooFew || tooMany ? ["size", "machines"] : [], deleteBeforeReplace };
  },

  preview(given, state) {
    const inputs = given as Fields<NodeGroupInputs>;
    if (!state) {
      const first = inputs.initialSize ?? inputs.minSize;
      return isUnknown(first) ? {} : { size: first };
    }
    const { size, machines } = state.outputs;
    const [min, max] = [known(inputs.minSize), known(inputs.maxSize)];
    if (size === undefined || min === undefined || max === undefined) return {};
    const after = clampSize(size, min, max);
    return after === size ? { size, machines } : { size: after };
  },

  async create(inputs, context) {
    const { api } = connect(context.config);
    const id = `${api.projectId}/${inputs.clusterName}/${inputs.name}`;
    const driver = driverOf(inputs, context);
    await limited(context, { what: `creating node group "${id}"`, ms: twoHours }, (signal) =>
      keeping(driver, id, async () => {
        await driver.ensure(inputs.initialSize ?? inputs.minSize, signal);
        await driver.untilRunning(signal, (message) => context.log.status(message));
      }),
    );
    return { id, outputs: await outputsOf(driver, context.signal) };
  },

  async read(id, state, context) {
    const { api } = connect(context.config);
    const [projectId, clusterName, name, ...rest] = id.split("/");
    if (!projectId || !clusterName || !name || rest.length > 0) {
      throw new Error(`"${id}" must be <project>/<cluster>/<group>, for example ${api.projectId}/train/gpu`);
    }
    if (projectId !== api.projectId) {
      throw new Error(`"${id}" is of project "${projectId}", the provider's cudo.projectId is "${api.projectId}"`);
    }
    if (state) {
      return { inputs: state.inputs, outputs: await outputsOf(driverOf(state.inputs, context), context.signal) };
    }
    const members = (await api.vms.list(context.signal)).filter(
      ({ metadata }) => metadata[metadataKeys.cluster] === clusterName && metadata[metadataKeys.nodeGroup] === name,
    );
    // A group is no object of Cudo's: without a machine there is nothing to find.
    if (members.length === 0) return undefined;
    const inputs = importedInputs(clusterName, name, members);
    return { inputs, outputs: await outputsOf(driverOf(inputs, context), context.signal) };
  },

  async update(id, inputs, state, context) {
    const driver = driverOf(inputs, context);
    await limited(context, { what: `changing node group "${id}"`, ms: twoHours }, (signal) =>
      keeping(driver, id, async () => {
        await bringIntoBounds(driver, inputs, context, signal);
        await remark(driver, inputs, state.inputs, context, signal);
      }),
    );
    const concerned = newMachinesOnly.filter(
      (key) => JSON.stringify(inputs[key]) !== JSON.stringify(state.inputs[key]),
    );
    if (concerned.length > 0) {
      context.log.info(
        `the change of ${concerned.join(", ")} concerns machines made from now on; those that run stay as they are`,
      );
    }
    return outputsOf(driver, context.signal);
  },

  async delete(id, { inputs }, context) {
    const driver = driverOf(inputs, context);
    await limited(context, { what: `deleting node group "${id}"`, ms: twoHours }, (signal) => driver.destroy(signal));
  },
};

const newMachinesOnly = [
  ...(["machineType", "vcpus", "memoryGib", "gpus", "bootDiskSizeGib", "bootDiskImageId"] as const),
  ...(["securityGroupIds", "customSshKeys", "namePrefix"] as const),
];

function driverOf(inputs: NodeGroupInputs, context: ResourceContext): CudoNodeGroupDriver {
  const { urn, log } = context;
  return openGroup(context.config, inputs, { owner: urn, warn: (message) => log.warn(message) });
}

/** When work fails after machines were made, the state keeps the group, so that nothing is lost. */
async function keeping(driver: CudoNodeGroupDriver, id: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const outputs = await outputsOf(driver, AbortSignal.timeout(lookAfterAbortMs)).catch(() => undefined);
    const nothing = outputs?.machines.length === 0 && !(error instanceof OutcomeUnknown);
    if (nothing) throw error;
    const left = outputs === undefined ? "which machines it has now is unknown" : `it has ${outputs.size} machines now`;
    throw new PartialFailure(id, outputs ?? {}, [`${messageOf(error)} (${left}; the next \`pulumi up\` goes on)`], {
      cause: error,
    });
  }
}

async function bringIntoBounds(
  driver: CudoNodeGroupDriver,
  { minSize, maxSize }: NodeGroupInputs,
  context: ResourceContext,
  signal: AbortSignal,
): Promise<void> {
  const { size, machines } = await driver.describe(signal);
  const wanted = clampSize(size, minSize, maxSize);
  if (wanted < size) {
    const age = (at: string | undefined) => (at ? Date.parse(at) : 0);
    const newestFirst = machines
      .filter(({ state }) => state === "creating" || state === "running")
      .map((machine, index) => ({ machine, index }))
      .sort((a, b) => age(b.machine.createdAt) - age(a.machine.createdAt) || b.index - a.index);
    const ids = newestFirst.slice(0, size - wanted).map(({ machine }) => machine.id);
    context.log.info(`removing ${ids.join(", ")}: the group may have at most ${maxSize} machines`);
    await driver.remove(ids, signal);
  }
  if (wanted > size) {
    await driver.resize(wanted, signal);
  }
  await driver.untilRunning(signal, (message) => context.log.status(message));
}

/** Labels and taints of nodes that are there. */
async function remark(
  driver: CudoNodeGroupDriver,
  inputs: NodeGroupInputs,
  old: NodeGroupInputs,
  context: ResourceContext,
  signal: AbortSignal,
): Promise<void> {
  const [before, after] = [nodeMarks(old), nodeMarks(inputs)];
  if (JSON.stringify(before) === JSON.stringify(after)) {
    return;
  }
  const nodeNames = (await driver.describe(signal)).machines.map((machine) => machine.nodeName);
  if (nodeNames.length === 0) {
    return;
  }
  const absent = await remarkNodes(kubernetesApi(inputs.kubeconfig), { nodeNames, before, after }, signal);
  if (absent.length > 0) {
    context.log.warn(
      `${absent.join(", ")} have not joined the cluster yet, so their labels and taints could not be changed; run \`pulumi up\` after they have`,
    );
  }
}

async function outputsOf(driver: CudoNodeGroupDriver, signal: AbortSignal): Promise<NodeGroupOutputs> {
  const { size, machines } = await driver.describe(signal);
  return {
    size,
    machines: machines.map(({ id, nodeName, providerId, state, address = "" }) => ({
      id,
      nodeName,
      providerId,
      state,
      address,
    })),
  };
}
