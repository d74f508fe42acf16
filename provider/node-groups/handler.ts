/** The `NodeGroup` resource of every cloud: its life over the driver's contract. What only one cloud has is in its adapter. */
import { known, type Fields } from "../cloud/inputs";
import { limited } from "../cloud/limited";
import { withReason } from "../cloud/wait";
import type {
  ChangePlan,
  ResourceContext,
  ResourceHandler,
  ResourceState,
  UnknowableProperties,
} from "../server/resource";
import { isUnknown } from "../server/values";
import type { GroupAdapter, GroupCall, GroupInputs, GroupOutputs } from "./adapter";
import { bringIntoBounds, clampSize, type Bounds } from "./bounds";
import type { NodeGroupDriver } from "./driver";
import { GroupOutcome } from "./outcome";
import { untilRunning } from "./waiting";

export function nodeGroupHandler<I extends GroupInputs, O extends GroupOutputs, D extends NodeGroupDriver>(
  cloud: GroupAdapter<I, O, D>,
): ResourceHandler<I, O> {
  const outcome = new GroupOutcome(cloud);
  const within = <T>(
    verb: string,
    ms: number,
    { inputs, context }: GroupCall<I>,
    work: (s: AbortSignal) => Promise<T>,
  ) => limited(context, { what: `${verb} node group "${inputs.name}" of cluster "${inputs.clusterName}"`, ms }, work);

  const wait = async (driver: D, size: number, since: Date, { log }: ResourceContext, signal: AbortSignal) => {
    if (cloud.waiting) await untilRunning({ driver, size, since, log }, cloud.waiting, signal);
  };

  return {
    check: cloud.check,
    plan: (state, given, changed) => changePlan(cloud, state, given as Fields<I>, changed),
    preview: (given, state) => foretold(cloud, given as Fields<I>, state),

    async create(inputs, context) {
      const call = { inputs, context };
      const driver = cloud.open(call);
      const size = inputs.initialSize ?? inputs.minSize;
      return within("creating", cloud.limits.changeMs, call, async (signal) => {
        const since = new Date();
        await withReason(signal, async () => cloud.refuse?.(driver, inputs, signal));
        const id = await outcome.ensure(size, driver, call, signal);
        return outcome.keeping(id, driver, signal, async () => {
          await driver.reshape(signal);
          await wait(driver, size, since, context, signal);
          return { id, outputs: await outcome.outputs(id, driver, call, signal) };
        });
      });
    },

    async read(id, state, context) {
      return withReason(context.signal, async () => {
        const inputs = await cloud.read(id, state, context);
        if (!inputs) return undefined;
        const call = { inputs, context, id };
        return { inputs, outputs: await outcome.outputs(id, cloud.open(call), call, context.signal) };
      });
    },

    async update(id, inputs, state, context) {
      const call = { inputs, context, id, before: state.inputs };
      const driver = cloud.open(call);
      return within("changing", cloud.limits.changeMs, call, (signal) =>
        outcome.keeping(id, driver, signal, async () => {
          const since = new Date();
          if (cloud.isByName?.(id)) await driver.ensure(inputs.initialSize ?? inputs.minSize, signal);
          await driver.reshape(signal);
          await bringIntoBounds(driver, inputs, context.log, signal);
          await wait(driver, inputs.minSize, since, context, signal);
          await cloud.afterUpdate?.(driver, call, signal);
          tellWhatConcernsNewMachines(cloud.newMachinesOnly, inputs, state.inputs, context);
          return outcome.outputs(id, driver, call, signal);
        }),
      );
    },

    // Its machines and orders carry its names.
    knownBy: (inputs, config) => cloud.idByName(inputs, config),

    async delete(id, { inputs }, context) {
      const call = { inputs, context, id };
      const driver = cloud.open(call);
      context.log.status(`node group "${inputs.name}" is being deleted: waiting until its machines are gone`);
      await within("deleting", cloud.limits.deleteMs, call, (signal) =>
        withReason(signal, () => driver.destroy(signal)),
      );
    },
  };
}

function changePlan<I extends GroupInputs, O extends GroupOutputs, D extends NodeGroupDriver>(
  cloud: GroupAdapter<I, O, D>,
  state: ResourceState<I, O>,
  inputs: Fields<I>,
  changed: readonly string[],
): ChangePlan {
  const size = state.outputs.size ?? 0;
  const tooFew = size < (known(inputs.minSize) ?? 0) && !cloud.hasEnded?.(state.inputs);
  const outside = tooFew || size > (known(inputs.maxSize) ?? Infinity);
  const own = cloud.plan?.(state, inputs, changed) ?? {};
  return {
    ignores: ["initialSize", ...(own.ignores ?? [])],
    replaces: own.replaces ?? [],
    outputs: [...(outside ? ["size", "machines", "problems"] : []), ...(own.outputs ?? [])],
    // Two groups of one name would take each other's machines for their own.
    deleteBeforeReplace: own.deleteBeforeReplace ?? true,
  };
}

function foretold<I extends GroupInputs, O extends GroupOutputs, D extends NodeGroupDriver>(
  cloud: GroupAdapter<I, O, D>,
  { minSize, maxSize, initialSize }: Fields<I>,
  state: ResourceState<I, O> | undefined,
): Partial<UnknowableProperties<O>> {
  if (!state) {
    const first = initialSize ?? minSize;
    return (isUnknown(first) ? {} : { size: first }) as Partial<UnknowableProperties<O>>;
  }
  const { size } = state.outputs;
  const bounds = { minSize: known(minSize), maxSize: known(maxSize) };
  const isKnown = size !== undefined && areKnown(bounds) && !cloud.hasEnded?.(state.inputs);
  const after = isKnown ? clampSize(size, bounds) : undefined;
  const stays = cloud.stays?.(state.outputs, isKnown && after === size);
  return { ...stays, ...(isKnown && { size: after }) } as Partial<UnknowableProperties<O>>;
}

function areKnown(bounds: { minSize: number | undefined; maxSize: number | undefined }): bounds is Bounds {
  return bounds.minSize !== undefined && bounds.maxSize !== undefined;
}

function tellWhatConcernsNewMachines<I extends GroupInputs>(
  keys: readonly (keyof I & string)[],
  inputs: I,
  before: I,
  { log }: ResourceContext,
): void {
  const concerned = keys.filter((key) => JSON.stringify(inputs[key]) !== JSON.stringify(before[key]));
  if (concerned.length === 0) return;
  log.info(`the change of ${concerned.join(", ")} concerns machines made from now on; those that run stay as they are`);
}
