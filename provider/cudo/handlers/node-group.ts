import { defaultPace } from "../../cloud/wait";
import { kubernetesApi } from "../../kubernetes/client";
import type { GroupAdapter, GroupCall } from "../../node-groups/adapter";
import { nodeGroupHandler as handlerOf } from "../../node-groups/handler";
import type { ResourceContext } from "../../server/resource";
import { connect } from "../connection";
import { remarkNodes } from "../group-nodes";
import type { CudoNodeGroupDriver } from "../node-group-driver";
import { capacityProblem } from "../node-shape";
import { nodeMarks, openGroup } from "../open-node-group";
import { metadataKeys } from "../ownership";
import { twoHours } from "./inputs";
import { checkNodeGroup, importedInputs, type NodeGroupInputs, type NodeGroupOutputs } from "./node-group-inputs";

const adapter: GroupAdapter<NodeGroupInputs, NodeGroupOutputs, CudoNodeGroupDriver> = {
  check: checkNodeGroup,
  limits: { changeMs: twoHours, deleteMs: twoHours },
  waiting: { pace: defaultPace, patienceMs: 0, refills: false, backoffMs: 0 },
  newMachinesOnly: [
    ...(["machineType", "vcpus", "memoryGib", "gpus", "diskSizeGib", "image"] as const),
    ...(["securityGroupIds", "customSshKeys", "namePrefix", "vault"] as const),
  ],

  open: ({ inputs, context: { config, urn, log } }) =>
    openGroup(config, inputs, { owner: urn, warn: (message) => log.warn(message) }),

  idByName: ({ clusterName, name }, config) => [connect(config).api.projectId, clusterName, name].join("/"),

  stays: ({ machines }, sameSize) => (sameSize ? { machines } : {}),

  afterUpdate: remark,

  async read(id, state, { config, signal }) {
    const { api } = connect(config);
    const [projectId, clusterName, name, ...rest] = id.split("/");
    if (!projectId || !clusterName || !name || rest.length > 0) {
      throw new Error(`"${id}" must be <project>/<cluster>/<group>, for example ${api.projectId}/train/gpu`);
    }
    if (projectId !== api.projectId) {
      throw new Error(`"${id}" is of project "${projectId}", the provider's cudo.projectId is "${api.projectId}"`);
    }
    if (state) return state.inputs;
    const members = (await api.vms.list(signal)).filter(
      ({ metadata }) => metadata[metadataKeys.cluster] === clusterName && metadata[metadataKeys.nodeGroup] === name,
    );
    // A group is no object of Cudo's: without a machine there is nothing to find.
    return members.length === 0 ? undefined : importedInputs(clusterName, name, members);
  },

  shortage: shortageOfOne,

  outputs: (_id, { size, machines }) => ({
    size,
    machines: machines.map(({ id, nodeName, providerId, state, address = "" }) => ({
      id,
      nodeName,
      providerId,
      state,
      address,
    })),
  }),
};

export const nodeGroupHandler = handlerOf(adapter);

/** Cudo keeps no record of what it refused; what is free now says whether it would again. */
async function shortageOfOne(
  inputs: NodeGroupInputs,
  { config, signal }: ResourceContext,
): Promise<string | undefined> {
  try {
    const catalogue = await connect(config).catalogue.read(signal);
    return capacityProblem({ ...inputs, gpus: inputs.gpus ?? 0, count: 1, publicAddresses: 1 }, catalogue)?.reason;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** Labels and taints of nodes that are there. */
async function remark(
  driver: CudoNodeGroupDriver,
  { inputs, before: old = inputs, context }: GroupCall<NodeGroupInputs>,
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
