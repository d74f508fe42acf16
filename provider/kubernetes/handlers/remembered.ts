import type { ResourceHandler } from "../../server/resource";

/** The life of a resource that makes nothing: its inputs stay in the state, where the next `check` finds what they were. */
export function remembered<Inputs extends { clusterName: string }>(
  check: NonNullable<ResourceHandler<Inputs, object>["check"]>,
): ResourceHandler<Inputs, object> {
  return {
    check,

    preview: () => ({}),

    async create({ clusterName }) {
      return { id: clusterName, outputs: {} };
    },

    async read(id, state) {
      if (state === undefined) throw new Error(`${id}: there is nothing to import, make it in the program`);
      return state;
    },

    async update() {
      return {};
    },

    async delete() {
      // What was remembered leaves with the state.
    },
  };
}
