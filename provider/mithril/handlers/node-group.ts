import { PartialFailure, type ResourceContext, type ResourceHandler } from "../../server/resource";
import { isUnknown } from "../../server/values";
import { OutcomeUnknown } from "../create-once";
import { sameMoney } from "../money";
import { SpotGroupDriver } from "../node-group-driver";
import { openGroup, type MithrilGroupDriver } from "../open-node-group";
import { connect } from "../connection";
import { known, type Fields } from "../../cloud/inputs";
import { limited } from "../../cloud/limited";
import { isTime, messageOf, minuteMs, sameTime } from "./inputs";
import { checkNodeGroup, type NodeGroupInputs, type NodeGroupOutputs } from "./node-group-inputs";
import { importedNodeGroup } from "./node-group-import";

/** Must end within the grace of an interrupted operation. */
const lookAfterAbortMs = 3_000;
const changeMs = 30 * minuteMs;

export const nodeGroupHandler: ResourceHandler<NodeGroupInputs, NodeGroupOutputs> = {
  check: checkNodeGroup,

  plan({ inputs: before, outputs }, given, changed) {
    const inputs = given as Fields<NodeGroupInputs>;
    const size = outputs.size ?? 0;
    const ignores = ["initialSize", ...unchangedPurchase(before, inputs)];
    const acts = changed.some((path) => !ignores.includes(path));
    const tooFew = size < (known(inputs.minSize) ?? 0) && !hasEnded(before);
    const tooMany = size > (known(inputs.maxSize) ?? Infinity);
    return {
      ignores,
      replaces: changedKindOfPurchase(before, inputs),
      outputs: [...(tooFew || tooMany ? ["size"] : []), ...(tooFew || tooMany || acts ? ["machines", "problems"] : [])],
      // The names of its orders are the same.
      deleteBeforeReplace: !changed.some((path) => ["clusterId", "clusterName", "name"].includes(path)),
    };
  },

  preview(given, state) {
    const inputs = given as Fields<NodeGroupInputs>;
    if (!state) {
      const first = inputs.initialSize ?? inputs.minSize;
      return isUnknown(first) ? {} : { size: first };
    }
    const { size } = state.outputs;
    const [min, max] = [known(inputs.minSize), known(inputs.maxSize)];
    return size === undefined || min === undefined || max === undefined || hasEnded(state.inputs)
      ? {}
      : { size: clampSize(size, min, max) };
  },

  async create(inputs, context) {
    const { api } = connect(context.config);
    const id = [api.projectId, inputs.clusterId, inputs.clusterName, inputs.name].join("/");
    const driver = driverOf(inputs, context);
    const { size } = await driver.describe(context.signal);
    if (size > 0) {
      throw new Error(
        `name: a node group "${inputs.name}" of cluster ${inputs.clusterId} exists already, with ${size} nodes: choose another name, ` +
          `or import it (pulumi import gpu-clusters:mithril:NodeGroup <name> ${id})`,
      );
    }
    await limited(context, { what: `creating node group "${inputs.name}"`, ms: changeMs }, (signal) =>
      keeping(driver, id, () => driver.resize(inputs.initialSize ?? inputs.minSize, signal)),
    );
    return { id, outputs: await outputsOf(driver, context) };
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
    const inputs = state
      ? await asTheyAre(state.inputs, context)
      : await importedNodeGroup(api, { clusterId, clusterName, name }, context.signal);
    // A group is no object of Mithril's: without an order there is nothing to find.
    if (!inputs) return undefined;
    return { inputs, outputs: await outputsOf(driverOf(inputs, context), context) };
  },

  async update(id, inputs, state, context) {
    const driver = driverOf(inputs, context);
    await limited(context, { what: `changing node group "${inputs.name}"`, ms: changeMs }, (signal) =>
      keeping(driver, id, async () => {
        await driver.reshape(signal);
        await bringIntoBounds(driver, inputs, context, signal);
      }),
    );
    const concerned = newOrdersOnly.filter((key) => JSON.stringify(inputs[key]) !== JSON.stringify(state.inputs[key]));
    if (concerned.length > 0) {
      context.log.info(
        `the change of ${concerned.join(", ")} concerns orders made from now on; those that are there stay as they are`,
      );
    }
    return outputsOf(driver, context);
  },

  async delete(_id, { inputs }, context) {
    const driver = driverOf(inputs, context);
    await limited(context, { what: `deleting node group "${inputs.name}"`, ms: changeMs }, (signal) =>
      driver.destroy(signal),
    );
  },
};

const newOrdersOnly = ["instanceType", "sshKeys", "volumes", "startupScript", "imageVersion"] as const;

function driverOf(inputs: NodeGroupInputs, context: ResourceContext): MithrilGroupDriver {
  return openGroup(context.config, inputs);
}

/** Drift of what the group's bids share shows as a change of the input, so that the next `up` mends it. */
async function asTheyAre(inputs: NodeGroupInputs, context: ResourceContext): Promise<NodeGroupInputs> {
  const driver = driverOf(inputs, context);
  if (!(driver instanceof SpotGroupDriver)) return inputs;
  const bids = await driver.members(context.signal);
  const strange = bids.find((bid) => !sameMoney(bid.limitPrice, inputs.purchase.spot!.limitPrice));
  const paused = inputs.paused ?? false;
  const isOtherwise = bids.some((bid) => (bid.status === "Paused") !== paused);
  return {
    ...inputs,
    purchase: strange ? { spot: { ...inputs.purchase.spot!, limitPrice: strange.limitPrice } } : inputs.purchase,
    paused: isOtherwise ? !paused : inputs.paused,
  };
}

/** When work fails after orders were placed, the state keeps the group, so that nothing is lost. */
async function keeping(driver: MithrilGroupDriver, id: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const found = await driver.describe(AbortSignal.timeout(lookAfterAbortMs)).catch(() => undefined);
    if (found?.machines.length === 0 && !(error instanceof OutcomeUnknown)) throw error;
    const left = found ? `it has or bids for ${found.size} nodes now` : "which orders it has now is unknown";
    const outputs: Partial<NodeGroupOutputs> = found ? { ...machinesOf(found), problems: [] } : {};
    throw new PartialFailure(id, outputs, [`${messageOf(error)} (${left}; the next \`pulumi up\` goes on)`], {
      cause: error,
    });
  }
}

async function bringIntoBounds(
  driver: MithrilGroupDriver,
  { minSize, maxSize }: NodeGroupInputs,
  context: ResourceContext,
  signal: AbortSignal,
): Promise<void> {
  const { size } = await driver.describe(signal);
  const wanted = clampSize(size, minSize, maxSize);
  if (wanted === size) return;
  await driver.resize(wanted, signal);
  if (wanted > size) return;
  // Those that only waited are given up by now; the rest is removed, the newest first.
  const { size: left, machines } = await driver.describe(signal);
  const orders = [...new Set(machines.map(({ id }) => id.split("/")[0]!))].reverse();
  let surplus = left - wanted;
  for (const order of orders) {
    const ids = machines.map(({ id }) => id).filter((id) => id.startsWith(`${order}/`));
    if (ids.length > surplus) continue;
    context.log.info(`removing ${ids.join(", ")}: the group may have at most ${maxSize} nodes`);
    await driver.remove(ids, signal);
    surplus -= ids.length;
  }
}

function clampSize(size: number, min: number, max: number): number {
  return Math.min(Math.max(size, min), max);
}

function hasEnded({ purchase }: NodeGroupInputs): boolean {
  return purchase.reservation !== undefined && Date.parse(purchase.reservation.end) <= Date.now();
}

/** Paths of values that are only spelt differently. */
function unchangedPurchase(before: NodeGroupInputs, inputs: Fields<NodeGroupInputs>): string[] {
  if (isUnknown(inputs.purchase)) return [];
  const purchase = inputs.purchase as NodeGroupInputs["purchase"];
  const [price, old] = [purchase.spot?.limitPrice, before.purchase.spot?.limitPrice];
  const samePrice = typeof price === "string" && old !== undefined && sameMoney(price, old);
  const times = (["start", "end"] as const).filter((field) => {
    const [now, then] = [purchase.reservation?.[field], before.purchase.reservation?.[field]];
    return typeof now === "string" && isTime(now) && then !== undefined && sameTime(now, then);
  });
  return [...(samePrice ? ["purchase.spot.limitPrice"] : []), ...times.map((field) => `purchase.reservation.${field}`)];
}

/** Spot and reserved instances, bids of another size, and another period are other orders. */
function changedKindOfPurchase(before: NodeGroupInputs, inputs: Fields<NodeGroupInputs>): string[] {
  if (isUnknown(inputs.purchase)) return [];
  const purchase = inputs.purchase as NodeGroupInputs["purchase"];
  if ((purchase.spot === undefined) !== (before.purchase.spot === undefined)) return ["purchase"];
  const [now, then] = [purchase.reservation, before.purchase.reservation];
  if (!now || !then) return [];
  const isEarlier = typeof now.end === "string" && isTime(now.end) && Date.parse(now.end) < Date.parse(then.end);
  const startsElse = typeof now.start === "string" && isTime(now.start) && !sameTime(now.start, then.start);
  const isOtherSize = typeof inputs.maxSize === "number" && inputs.maxSize !== before.maxSize;
  return [
    ...(isEarlier ? ["purchase.reservation.end"] : []),
    ...(startsElse ? ["purchase.reservation.start"] : []),
    ...(isOtherSize ? ["maxSize"] : []),
  ];
}

function machinesOf({
  size,
  machines,
}: Awaited<ReturnType<MithrilGroupDriver["describe"]>>): Omit<NodeGroupOutputs, "problems"> {
  return {
    size,
    machines: machines.map(({ id, nodeName, providerId, state, orderStatus, instanceStatus }) => ({
      ...{ id, nodeName, providerId, state },
      ...{ orderStatus, instanceStatus },
    })),
  };
}

async function outputsOf(driver: MithrilGroupDriver, context: ResourceContext): Promise<NodeGroupOutputs> {
  const found = machinesOf(await driver.describe(context.signal));
  const problems = (await driver.problems(new Date(), context.signal)).map(({ message }) => message);
  for (const problem of problems) context.log.warn(problem);
  return { ...found, problems };
}
