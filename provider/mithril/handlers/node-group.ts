import { counted } from "../../../sdk/counted";
import { known, type Fields } from "../../cloud/inputs";
import type { GroupAdapter } from "../../node-groups/adapter";
import { nodeGroupHandler as handlerOf } from "../../node-groups/handler";
import type { ResourceContext } from "../../server/resource";
import { isUnknown } from "../../server/values";
import { connect } from "../connection";
import { sameMoney } from "../../../sdk/mithril/money";
import { SpotGroupDriver, type MithrilMachine } from "../node-group-driver";
import { openGroup, type MithrilGroupDriver } from "../open-node-group";
import { isTime } from "../../../sdk/mithril/order-rules";
import { minuteMs, sameTime } from "./inputs";
import { importedNodeGroup } from "./node-group-import";
import { checkNodeGroup, type NodeGroupInputs, type NodeGroupOutputs } from "./node-group-inputs";

const changeMs = 30 * minuteMs;

/** `up` does not wait for the auction. */
const adapter: GroupAdapter<NodeGroupInputs, NodeGroupOutputs, MithrilGroupDriver> = {
  check: checkNodeGroup,
  limits: { changeMs, deleteMs: changeMs },
  newMachinesOnly: ["instanceType", "sshKeys", "volumes", "startupScript", "image"],
  hasEnded,

  open: ({ inputs, context }) => openGroup(context.config, inputs),

  idByName: ({ clusterId, clusterName, name }, config) =>
    [connect(config).api.projectId, clusterId, clusterName, name].join("/"),

  async refuse(driver, { name, clusterId }, signal) {
    const { id, size } = await driver.describe(signal);
    if (size === 0) return;
    throw new Error(
      `name: a node group "${name}" of cluster ${clusterId} exists already, with ${counted(size, "node")}: choose another name, ` +
        `or import it (pulumi import gpu-clusters:mithril:NodeGroup <name> ${id!}); where it is to be replaced, \`deleteBeforeReplace: true\` has it deleted first`,
    );
  },

  plan({ inputs: before, outputs }, inputs, changed) {
    const ignores = unchangedCapacity(before, inputs);
    const size = outputs.size ?? 0;
    const tooFew = size < (known(inputs.minSize) ?? 0) && !hasEnded(before);
    const tooMany = size > (known(inputs.maxSize) ?? Infinity);
    const acts = tooFew || tooMany || changed.some((path) => path !== "initialSize" && !ignores.includes(path));
    return {
      ignores,
      replaces: changedKind(before, inputs),
      outputs: acts ? ["machines", "problems"] : [],
      // The names of its orders are the same.
      deleteBeforeReplace: !changed.some((path) => ["clusterId", "clusterName", "name"].includes(path)),
    };
  },

  async read(id, state, context) {
    const { api } = connect(context.config);
    const [project, clusterId, clusterName, name, ...rest] = id.split("/");
    if (!project || !clusterId || !clusterName || !name || rest.length > 0) {
      throw new Error(`"${id}" must be <project>/<cluster's fid>/<clusterName>/<group>`);
    }
    if (project !== api.projectId) {
      throw new Error(`"${id}" is of project "${project}", the provider's mithril.projectId is "${api.projectId}"`);
    }
    if (state) return asTheyAre(state.inputs, context);
    // A group is no object of Mithril's: without an order there is nothing to find.
    return importedNodeGroup(api, { clusterId, clusterName, name }, context.signal);
  },

  outputs: (_id, { size, machines }) => ({
    size,
    machines: (machines as readonly MithrilMachine[]).map((machine) => {
      const { id, nodeName, providerId, state, orderStatus, instanceStatus } = machine;
      return { id, nodeName, providerId, state, orderStatus, instanceStatus };
    }),
  }),
};

export const nodeGroupHandler = handlerOf(adapter);

/** Drift of what the group's bids share shows as a change of the input, so that the next `up` mends it. */
async function asTheyAre(inputs: NodeGroupInputs, context: ResourceContext): Promise<NodeGroupInputs> {
  const driver = openGroup(context.config, inputs);
  if (!(driver instanceof SpotGroupDriver)) return inputs;
  const bids = await driver.members(context.signal);
  const strange = bids.find((bid) => !sameMoney(bid.limitPrice, inputs.capacity.spot!.limitPrice));
  const paused = inputs.paused ?? false;
  const isOtherwise = bids.some((bid) => (bid.status === "Paused") !== paused);
  return {
    ...inputs,
    capacity: strange ? { spot: { ...inputs.capacity.spot!, limitPrice: strange.limitPrice } } : inputs.capacity,
    paused: isOtherwise ? !paused : inputs.paused,
  };
}

function hasEnded({ capacity }: NodeGroupInputs): boolean {
  return capacity.reservation !== undefined && Date.parse(capacity.reservation.end) <= Date.now();
}

/** Paths of values that are only spelt differently. */
function unchangedCapacity(before: NodeGroupInputs, inputs: Fields<NodeGroupInputs>): string[] {
  if (isUnknown(inputs.capacity)) return [];
  const capacity = inputs.capacity as NodeGroupInputs["capacity"];
  const [price, old] = [capacity.spot?.limitPrice, before.capacity.spot?.limitPrice];
  const samePrice = typeof price === "string" && old !== undefined && sameMoney(price, old);
  const times = (["start", "end"] as const).filter((field) => {
    const [now, then] = [capacity.reservation?.[field], before.capacity.reservation?.[field]];
    return typeof now === "string" && isTime(now) && then !== undefined && sameTime(now, then);
  });
  return [...(samePrice ? ["capacity.spot.limitPrice"] : []), ...times.map((field) => `capacity.reservation.${field}`)];
}

/** Spot and reserved instances, bids of another size, and another period are other orders. */
function changedKind(before: NodeGroupInputs, inputs: Fields<NodeGroupInputs>): string[] {
  if (isUnknown(inputs.capacity)) return [];
  const capacity = inputs.capacity as NodeGroupInputs["capacity"];
  if ((capacity.spot === undefined) !== (before.capacity.spot === undefined)) return ["capacity"];
  const [now, then] = [capacity.reservation, before.capacity.reservation];
  if (!now || !then) return [];
  const isEarlier = typeof now.end === "string" && isTime(now.end) && Date.parse(now.end) < Date.parse(then.end);
  const startsElse = typeof now.start === "string" && isTime(now.start) && !sameTime(now.start, then.start);
  const isOtherSize = typeof inputs.maxSize === "number" && inputs.maxSize !== before.maxSize;
  return [
    ...(isEarlier ? ["capacity.reservation.end"] : []),
    ...(startsElse ? ["capacity.reservation.start"] : []),
    ...(isOtherSize ? ["maxSize"] : []),
  ];
}
