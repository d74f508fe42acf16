/**
 * Creates whose outcome is unknown. Mithril makes up the ids, so the state keeps, in the id's place, when the create was sent. The next
 * `pulumi up` looks by the name: what is there is taken, because nothing had that name when the create was sent, and what is not there is
 * made. `pulumi destroy` deletes what has shown up by then.
 */
import { PartialFailure, type ResourceContext, type ResourceHandler } from "../../server/resource";
import type { MithrilApi } from "../api";
import { OutcomeUnknown } from "../../cloud/outcome-unknown";
import { createOnce, type CreateOnce } from "../create-once";
import { connect } from "../connection";

const prefix = "unknown since ";
/** The computer's clock and Mithril's may differ. */
const clockToleranceMs = 5 * 60_000;

/** By type and name: the next create takes what is there. `plan` sees the state, and `create` does not. */
const awaited = new Set<string>();
const keyOf = ({ token, name }: { token: string; name: string }) => `${token} ${name}`;

/** Whether an earlier create of it, whose outcome was unknown, may have made what is there. */
export function isAwaited(token: string, name: string): boolean {
  return awaited.has(keyOf({ token, name }));
}

/** `createOnce` for the resource's `create`. The caller's handler stands in `findable`. */
export async function createFindable<T extends { fid: string }>(
  create: CreateOnce<T>,
  signal: AbortSignal,
): Promise<T> {
  const sent = new Date().toISOString();
  try {
    return await createOnce({ ...create, expected: awaited.delete(keyOf(create)) }, signal);
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    const reason = `${error.message}. The next \`pulumi up\` looks for it and goes on`;
    throw new PartialFailure(prefix + sent, {}, [reason], { cause: error });
  }
}

/** @param live those that have the name and have not ended */
export function findable<I extends { name: string }, O extends { createdAt: string }>(
  token: string,
  handler: ResourceHandler<I, O>,
  live: (api: MithrilApi, name: string, signal: AbortSignal) => Promise<{ fid: string; createdAt: string }[]>,
): ResourceHandler<I, O> {
  return {
    ...handler,
    plan(state, inputs, changed) {
      const plan = handler.plan?.(state, inputs, changed) ?? {};
      if (state.outputs.createdAt !== undefined) return plan;
      // Under another name it is another one, and this one is deleted.
      if (inputs.name === state.inputs.name) awaited.add(keyOf({ token, name: state.inputs.name }));
      return { ...plan, outputs: ["createdAt"], replaces: ["createdAt"], deleteBeforeReplace: true };
    },
    async read(id, state, context) {
      return id.startsWith(prefix) ? state : handler.read(id, state, context);
    },
    async delete(id, state, context: ResourceContext) {
      if (!id.startsWith(prefix)) return handler.delete(id, state, context);
      const { name } = state.inputs;
      if (awaited.has(keyOf({ token, name }))) return;
      const sent = Date.parse(id.slice(prefix.length));
      const { api } = connect(context.config);
      for (const { fid, createdAt } of await live(api, name, context.signal)) {
        if (Date.parse(createdAt) >= sent - clockToleranceMs) await handler.delete(fid, state, context);
      }
    },
  };
}
