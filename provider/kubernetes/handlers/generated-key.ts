import { randomBytes } from "node:crypto";
import type { GeneratedKeyArgs } from "../../../sdk/kubernetes/generated-key";
import type { Unwrap } from "../../../sdk/pulumi";
import type { ResourceHandler } from "../../server/resource";
import { isUnknown } from "../../server/values";

export type GeneratedKeyInputs = Required<Unwrap<GeneratedKeyArgs>>;

export const generatedKey: ResourceHandler<GeneratedKeyInputs, { hex: string }> = {
  check({ bytes }) {
    if (isUnknown(bytes) || (bytes >= 16 && bytes <= 4096)) return [];
    return [{ property: "bytes", reason: `must be from 16 to 4096, is ${bytes}` }];
  },

  async create({ bytes }, { name }) {
    return { id: name, outputs: { hex: randomBytes(bytes).toString("hex") } };
  },

  async read(id, state) {
    if (state === undefined) throw new Error(`${id}: a generated key cannot be imported, it exists only in the state`);
    return state;
  },

  makesNothing: true,

  async delete() {
    // It leaves with the state.
  },
};
