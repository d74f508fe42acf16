/** Resources that make nothing: they ask AWS once, and the state keeps the answer. */
import { isDeepStrictEqual } from "node:util";
import { withReason } from "../../cloud/wait";
import type { ResourceContext, ResourceHandler, UnknowableProperties } from "../../server/resource";
import { containsUnknown } from "../../server/wire";
import type { AwsClients } from "../clients";
import { isAwsError } from "../errors";
import { connect } from "../connection";

/** Throws `InvalidArguments` for what there cannot be. */
export type Ask<I, O> = (clients: AwsClients, inputs: I, context: AskContext<I, O>) => Promise<O>;

export interface AskContext<I, O> extends Pick<ResourceContext, "signal" | "log" | "urn"> {
  /** The inputs that it was asked with before; undefined: it was not. */
  readonly asked?: I | undefined;
  /** The answer that the state has, where it is in hand. */
  readonly before?: O | undefined;
}

export interface KeptAnswer<I, O> {
  /** Asked at the preview too, so that what cannot be is refused there. */
  ask: Ask<I, O>;
  /** What of the inputs can be asked about while others are not known yet. Default: nothing. */
  known?(inputs: UnknowableProperties<I>): I;
  /** An answer that the state has, after the inputs changed. Default: it is asked anew. Throws to refuse the change. */
  keep?(inputs: I, outputs: O): O;
  /** What a refresh says of an answer that no longer holds, which stays all the same. Undefined: nothing. */
  outlived?(clients: AwsClients, outputs: O, signal: AbortSignal): Promise<string | undefined>;
}

/** The engine previews right after a check. Later, AWS may say something else. */
const freshMs = 10_000;

interface Told<I, O> {
  readonly inputs: UnknowableProperties<I>;
  readonly outputs: O;
  readonly clients: AwsClients;
  readonly at: number;
}

/** The answer stays until the inputs change, whatever AWS would say by now. */
export function keptAnswer<I extends object, O extends object>({
  ask,
  known,
  keep,
  outlived,
}: KeptAnswer<I, O>): ResourceHandler<I, O> {
  const answer = (inputs: I, { config, signal, log, urn }: ResourceContext, asked?: I, before?: O) =>
    withReason(signal, () => ask(connect(config), inputs, { signal, log, urn, asked, before }));

  /** Undefined where it cannot be asked yet, or by nobody who previews. */
  async function tried(
    given: UnknowableProperties<I>,
    context: ResourceContext,
    asked?: I,
    before?: O,
  ): Promise<O | undefined> {
    const inputs = containsUnknown(given) ? known?.(given) : (given as I);
    if (inputs === undefined || containsUnknown(context.config["aws"])) return undefined;
    try {
      return await answer(inputs, context, asked, before);
    } catch (error) {
      if (!isAwsError(error, "permission", "credentials")) throw error;
      context.log.warn(`not asked of AWS: ${error.message}`);
      return undefined;
    }
  }

  /** What checks of new resources were told, by URN: the preview that follows takes it, so that AWS is asked once for both. */
  const told = new Map<string, Told<I, O>>();

  function taken(inputs: UnknowableProperties<I>, { urn, config }: ResourceContext): O | undefined {
    const last = told.get(urn);
    told.delete(urn);
    if (last === undefined || containsUnknown(config["aws"]) || last.clients !== connect(config)) return undefined;
    return Date.now() - last.at < freshMs && isDeepStrictEqual(last.inputs, inputs) ? last.outputs : undefined;
  }

  return {
    async check(given, context, before) {
      if (before && (keep !== undefined || isDeepStrictEqual(before, given))) return [];
      const outputs = await tried(given, context, before);
      if (outputs !== undefined && before === undefined)
        told.set(context.urn, { inputs: given, outputs, clients: connect(context.config), at: Date.now() });
      return [];
    },

    async foresee(inputs, context, state) {
      if (containsUnknown(inputs)) return {};
      if (state && isDeepStrictEqual(state.inputs, inputs)) return state.outputs;
      if (state && keep) return keep(inputs as I, state.outputs);
      const before = state === undefined ? taken(inputs, context) : undefined;
      return before ?? (await tried(inputs, context, state?.inputs, state?.outputs)) ?? {};
    },

    async create(inputs, context) {
      told.delete(context.urn);
      return { id: context.name, outputs: await answer(inputs, context) };
    },

    async read(id, state, { config, signal, log }) {
      if (state === undefined) throw new Error(`${id}: there is nothing to import, make it in the program`);
      try {
        const words = await outlived?.(connect(config), state.outputs, signal);
        if (words !== undefined) log.warn(words);
      } catch (error) {
        if (!isAwsError(error)) throw error;
        log.warn(`not looked at: ${error.message}`);
      }
      return state;
    },

    async update(_id, inputs, { inputs: before, outputs }, context) {
      if (isDeepStrictEqual(before, inputs)) return outputs;
      return keep?.(inputs, outputs) ?? answer(inputs, context, before, outputs);
    },

    makesNothing: true,

    async delete() {
      // The answer leaves with the state.
    },
  };
}
