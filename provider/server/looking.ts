/** Resources that make nothing, but look, wait or remember. */
import type { ResourceContext, ResourceHandler, ResourceState } from "./resource";

export interface Looking<I extends object, O extends object> extends Omit<ResourceHandler<I, O>, "read" | "delete"> {
  /** What is so now, for a refresh; undefined where what was looked at is gone. Default: as the state says. */
  again?(state: ResourceState<I, O>, context: ResourceContext): Promise<ResourceState<I, O> | undefined>;
  delete?: ResourceHandler<I, O>["delete"];
}

/** With nothing to import, nothing to delete unless it says so, and a preview that shows no change. */
export function looking<I extends object, O extends object>({ again, ...own }: Looking<I, O>): ResourceHandler<I, O> {
  return {
    ...(own.delete === undefined && { makesNothing: true as const }),
    ...(own.foresee === undefined && { preview: (_inputs, state) => state?.outputs ?? {} }),

    async delete() {
      // What was seen leaves with the state.
    },

    ...own,

    async read(id, state, context) {
      if (state === undefined) throw new Error(`${id}: there is nothing to import, make it in the program`);
      return again === undefined ? state : again(state, context);
    },
  };
}
