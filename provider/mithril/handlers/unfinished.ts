/**
 * Creates whose outcome is unknown. Mithril makes up the ids, so the state keeps, in the id's place, when the create was sent. The next
 * `pulumi up` looks by the name: what is there is taken, because nothing had that name when the create was sent, and what is not there is
 * made. `pulumi destroy` deletes what has shown up by then.
 */
import { messageOf } from "../../../sdk/message";
import { PartialFailure, type ResourceContext, type ResourceHandler } from "../../server/resource";
import type { MithrilApi } from "../api";
import { OutcomeUnknown } from "../../cloud/outcome-unknown";
import { createOnce, type CreateOnce } from "../create-once";
import { connect } from "../connection";

const prefix = "unknown since ";
/** The computer's clock and Mithril's may differ. */
const clockToleranceMs = 5 * 60_000;

/** By type and name, with the id in the state: the next create takes what is there. `plan` and `delete` see the state, and `create` does not. */
const awaited = new Map<string, string>();
/** Ids of what this process made and has not deleted: no old one's, though its name is the same where it is replaced. */
const made = new Set<string>();
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
    return await createOnce({ ...create, expected: isAwaited(create.token, create.name) }, signal);
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    const reason = `${error.message}. The next \`pulumi up\` looks for it and goes on`;
    throw new PartialFailure(awaited.get(keyOf(create)) || prefix + sent, {}, [reason], { cause: error });
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
      if (inputs.name === state.inputs.name) awaited.set(keyOf({ token, name: state.inputs.name }), "");
      return { ...plan, outputs: ["createdAt"], replaces: ["createdAt"], deleteBeforeReplace: true };
    },
    /** What an earlier create may have made stays in the state, whatever ends this one. */
    async create(inputs, context) {
      const key = keyOf({ token, name: inputs.name });
      try {
        const created = await handler.create(inputs, context);
        made.add(created.id);
        return created;
      } catch (error) {
        if (error instanceof PartialFailure) made.add(error.id);
        const id = awaited.get(key);
        if (!id || error instanceof PartialFailure) throw error;
        const reason = `${messageOf(error)}. What an earlier run may have made is looked for again by the next \`pulumi up\``;
        throw new PartialFailure(id, {}, [reason], { cause: error });
      } finally {
        awaited.delete(key);
      }
    },
    async read(id, state, context) {
      return id.startsWith(prefix) ? state : handler.read(id, state, context);
    },
    async delete(id, state, context: ResourceContext) {
      if (!id.startsWith(prefix)) {
        await handler.delete(id, state, context);
        made.delete(id);
        return;
      }
      const { name } = state.inputs;
      const key = keyOf({ token, name });
      if (awaited.has(key)) {
        awaited.set(key, id);
        return;
      }
      const sent = Date.parse(id.slice(prefix.length));
      const { api } = connect(context.config);
      for (const { fid, createdAt } of await live(api, name, context.signal)) {
        if (made.has(fid)) continue;
        if (Date.parse(createdAt) < sent - clockToleranceMs) {
          context.log.warn(
            `${fid}, made at ${createdAt}, has the name "${name}" and stays: by this computer's clock it is older than the create at ` +
              `${new Date(sent).toISOString()} whose outcome was unknown. If the clock was wrong then, delete it in Mithril's console`,
          );
        } else await handler.delete(fid, state, context);
      }
    },
  };
}
