/** The `NodeGroup` resource of every cloud: its life over the driver's contract. What only one cloud has is in its adapter. */
import { known, type Fields } from "../cloud/inputs";
import { limited } from "../cloud/limited";
import { messageOf } from "../cloud/message";
import { OutcomeUnknown } from "../cloud/outcome-unknown";
import { withReason } from "../cloud/wait";
import {
  PartialFailure,
  type ChangePlan,
  type ProviderConfig,
  type ResourceContext,
  type ResourceHandler,
  type ResourceState,
  type UnknowableProperties,
} from "../server/resource";
import { isUnknown } from "../server/values";
import { bringIntoBounds, clampSize, type Bounds } from "./bounds";
import { GroupUnfinished, type NodeGroupDescription, type NodeGroupDriver } from "./driver";
import { untilRunning, type Waiting } from "./waiting";

export interface GroupInputs extends Bounds {
  readonly clusterName: string;
  readonly name: string;
  readonly initialSize?: number;
}

export interface GroupOutputs {
  readonly size: number;
  readonly machines: readonly object[];
  /** Why machines are missing or were lost, and what keeps the cloud from giving more, in words. */
  readonly problems: readonly string[];
}

/** One resource in one operation. */
export interface GroupCall<I> {
  readonly inputs: I;
  readonly context: ResourceContext;
  /** Undefined while it is being made. */
  readonly id?: string;
  /** Of the resource as it was, at an update. */
  readonly before?: I;
}

export interface GroupAdapter<I extends GroupInputs, O extends GroupOutputs, D extends NodeGroupDriver> {
  readonly check: NonNullable<ResourceHandler<I, O>["check"]>;
  readonly limits: { readonly changeMs: number; readonly deleteMs: number };
  open(call: GroupCall<I>): D;
  /** Under which the state keeps a group of which the cloud's own id is not known: the driver finds it by its names. */
  idByName(inputs: I, config: ProviderConfig): string;
  /** True for an id by name in the place of the cloud's own: whether the group was made is not known. */
  isByName?(id: string): boolean;
  /** What stands against a new group, where marks in the cloud cannot tell whose one is. Throws. */
  refuse?(driver: D, inputs: I, signal: AbortSignal): Promise<void>;
  /** How machines are waited for; undefined: they are not. */
  readonly waiting?: Waiting;
  /** True for a group that is over: nothing of it is made any more. */
  hasEnded?(inputs: I): boolean;
  /** Inputs of which a change concerns machines made from then on. */
  readonly newMachinesOnly: readonly (keyof I & string)[];
  /** Besides sizes and bounds. */
  plan?(state: ResourceState<I, O>, inputs: Fields<I>, changed: readonly string[]): ChangePlan;
  /** Outputs that an update leaves as they are. `sameSize`: the size is one of them. */
  stays?(outputs: O, sameSize: boolean): Partial<O>;
  /** What else an update does, when the group is right. */
  afterUpdate?(driver: D, call: GroupCall<I>, signal: AbortSignal): Promise<void>;
  /** The live inputs, as far as the cloud tells; undefined: there is no such group. On import `state` is undefined. */
  read(id: string, state: ResourceState<I, O> | undefined, context: ResourceContext): Promise<I | undefined>;
  outputs(id: string, description: NodeGroupDescription): Omit<O, "problems">;
  /** What would keep the cloud from giving one more machine now, where the driver cannot know it. */
  shortage?(inputs: I, context: ResourceContext): Promise<string | undefined>;
}

/** A cloud that keeps a record of its problems is asked for those of the last hour: what is older says little of now. */
const recentMs = 3_600_000;
const mostProblems = 10;

/** Must end within the grace of an interrupted operation, after what the driver itself still does. */
const lookAfterAbortMs = 2_000;

export function nodeGroupHandler<I extends GroupInputs, O extends GroupOutputs, D extends NodeGroupDriver>(
  cloud: GroupAdapter<I, O, D>,
): ResourceHandler<I, O> {
  const within = <T>(
    verb: string,
    ms: number,
    { inputs, context }: GroupCall<I>,
    work: (s: AbortSignal) => Promise<T>,
  ) => limited(context, { what: `${verb} node group "${inputs.name}" of cluster "${inputs.clusterName}"`, ms }, work);

  const outputs = (id: string, description: NodeGroupDescription, problems: readonly string[]): O =>
    ({ ...cloud.outputs(id, description), problems }) as unknown as O;

  const outputsOf = async (id: string, driver: D, { inputs, context }: GroupCall<I>, signal: AbortSignal) => {
    const description = await driver.describe(signal);
    const problems = await recentProblems(driver, signal);
    // Where machines are waited for, the wait has told.
    if (!cloud.waiting) for (const problem of problems) context.log.warn(problem);
    const shortage = description.size < inputs.maxSize ? await cloud.shortage?.(inputs, context) : undefined;
    return outputs(id, description, shortage === undefined ? problems : [...problems, shortage]);
  };

  const wait = async (driver: D, size: number, since: Date, { log }: ResourceContext, signal: AbortSignal) => {
    if (cloud.waiting) await untilRunning({ driver, size, since, log }, cloud.waiting, signal);
  };

  /** What the state keeps of a group that is not right, so that nothing is lost; `undefined` when there is certainly nothing of it. */
  async function unfinished(
    id: string,
    driver: D,
    cause: unknown,
    signal: AbortSignal,
  ): Promise<PartialFailure | undefined> {
    const look = AbortSignal.timeout(lookAfterAbortMs);
    const found = await driver.describe(look).catch(() => undefined);
    // What was sent before an interruption may still be on its way.
    const mayCome = signal.aborted || cause instanceof OutcomeUnknown;
    if (found && found.id === undefined && !mayCome) return undefined;
    const left = found ? `it has ${found.size} machines now` : "which machines it has now is unknown";
    const reason = `${messageOf(cause)} (${left}; the next \`pulumi up\` goes on)`;
    const kept = found?.id ?? id;
    if (!found) return new PartialFailure(kept, {}, [reason], { cause });
    const problems = await recentProblems(driver, look).catch(() => []);
    return new PartialFailure(kept, outputs(kept, found, problems), [reason], { cause });
  }

  async function keeping<T>(id: string, driver: D, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await withReason(signal, work);
    } catch (error) {
      throw (await unfinished(id, driver, error, signal)) ?? error;
    }
  }

  async function ensure(
    size: number,
    driver: D,
    { inputs, context }: GroupCall<I>,
    signal: AbortSignal,
  ): Promise<string> {
    try {
      return await driver.ensure(size, signal);
    } catch (error) {
      // Any other error came before anything was made. What is in the cloud then may be another's.
      if (!(error instanceof GroupUnfinished)) throw error;
      const cause = signal.aborted ? (signal.reason as unknown) : error.cause;
      throw (await unfinished(cloud.idByName(inputs, context.config), driver, cause, signal)) ?? cause;
    }
  }

  return {
    check: cloud.check,

    plan(state, given, changed) {
      const inputs = given as Fields<I>;
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
    },

    preview(given, state) {
      const { minSize, maxSize, initialSize } = given as Fields<I>;
      if (!state) {
        const first = initialSize ?? minSize;
        return (isUnknown(first) ? {} : { size: first }) as Partial<UnknowableProperties<O>>;
      }
      const { size } = state.outputs;
      const bounds = { minSize: known(minSize), maxSize: known(maxSize) };
      const foretold = size !== undefined && areKnown(bounds) && !cloud.hasEnded?.(state.inputs);
      const after = foretold ? clampSize(size, bounds) : undefined;
      const stays = cloud.stays?.(state.outputs, after === size && foretold);
      return { ...stays, ...(foretold && { size: after }) } as Partial<UnknowableProperties<O>>;
    },

    async create(inputs, context) {
      const call = { inputs, context };
      const driver = cloud.open(call);
      const size = inputs.initialSize ?? inputs.minSize;
      return within("creating", cloud.limits.changeMs, call, async (signal) => {
        const since = new Date();
        await withReason(signal, async () => cloud.refuse?.(driver, inputs, signal));
        const id = await ensure(size, driver, call, signal);
        return keeping(id, driver, signal, async () => {
          await driver.reshape(signal);
          await wait(driver, size, since, context, signal);
          return { id, outputs: await outputsOf(id, driver, call, signal) };
        });
      });
    },

    async read(id, state, context) {
      return withReason(context.signal, async () => {
        const inputs = await cloud.read(id, state, context);
        if (!inputs) return undefined;
        const call = { inputs, context, id };
        return { inputs, outputs: await outputsOf(id, cloud.open(call), call, context.signal) };
      });
    },

    async update(id, inputs, state, context) {
      const call = { inputs, context, id, before: state.inputs };
      const driver = cloud.open(call);
      return within("changing", cloud.limits.changeMs, call, (signal) =>
        keeping(id, driver, signal, async () => {
          const since = new Date();
          if (cloud.isByName?.(id)) await driver.ensure(inputs.initialSize ?? inputs.minSize, signal);
          await driver.reshape(signal);
          await bringIntoBounds(driver, inputs, context.log, signal);
          await wait(driver, inputs.minSize, since, context, signal);
          await cloud.afterUpdate?.(driver, call, signal);
          tellWhatConcernsNewMachines(inputs, state.inputs, context);
          return outputsOf(id, driver, call, signal);
        }),
      );
    },

    async delete(id, { inputs }, context) {
      const call = { inputs, context, id };
      const driver = cloud.open(call);
      context.log.status(`node group "${inputs.name}" is being deleted: waiting until its machines are gone`);
      await within("deleting", cloud.limits.deleteMs, call, (signal) =>
        withReason(signal, () => driver.destroy(signal)),
      );
    },
  };

  function tellWhatConcernsNewMachines(inputs: I, before: I, { log }: ResourceContext): void {
    const concerned = cloud.newMachinesOnly.filter(
      (key) => JSON.stringify(inputs[key]) !== JSON.stringify(before[key]),
    );
    if (concerned.length === 0) return;
    log.info(
      `the change of ${concerned.join(", ")} concerns machines made from now on; those that run stay as they are`,
    );
  }
}

/** Newest last, each once: a cloud says the same again and again while it lasts. */
async function recentProblems(driver: NodeGroupDriver, signal: AbortSignal): Promise<string[]> {
  const found = await driver.problems(new Date(Date.now() - recentMs), signal);
  return [...new Set(found.map(({ message }) => message))].slice(-mostProblems);
}

function areKnown(bounds: { minSize: number | undefined; maxSize: number | undefined }): bounds is Bounds {
  return bounds.minSize !== undefined && bounds.maxSize !== undefined;
}
