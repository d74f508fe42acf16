/** How inputs and computed outputs make up a resource's state, and which parts of it are secret. */
import { isDeepStrictEqual } from "node:util";
import { schemaSecrets, type PackageSchema, type ResourceSpec } from "../../sdk/schema/package-schema";
import { formatPath, parsePath } from "../../sdk/schema/property-path";
import type { ResourceState } from "./resource";
import { Unknown, isUnknown } from "./values";
import type { Properties, WireValues } from "./wire";

/** State is what the program said together with what was computed; where both name a property, the program's word counts. */
export function joinState(inputs: Properties, outputs: Properties): Properties {
  const state: Properties = { ...outputs };
  for (const [key, value] of Object.entries(inputs)) {
    if (value !== undefined) state[key] = value;
  }
  return state;
}

/**
 * Optional outputs that a resource does not have are null: one that is missing is unknown to the SDK at each preview, and all that has it among its inputs
 * would seem to change.
 */
export function withAbsent(spec: ResourceSpec, { values, secrets }: WireValues): WireValues {
  const given = { ...spec.inputProperties, ...Object.fromEntries((spec.required ?? []).map((key) => [key, true])) };
  const absent = Object.keys(spec.properties ?? {}).filter((key) => !(key in given) && values[key] === undefined);
  return { values: { ...values, ...Object.fromEntries(absent.map((key) => [key, null])) }, secrets };
}

/** The reverse of `joinState`. Without recorded inputs (an old engine) the schema tells them apart. */
export function splitState(
  spec: ResourceSpec,
  state: Properties,
  inputs: Properties,
): ResourceState<Properties, Properties> {
  const given = Object.keys(inputs).length > 0 ? inputs : pick(state, (key) => key in (spec.inputProperties ?? {}));
  return { inputs: given, outputs: pick(state, (key) => given[key] === undefined) };
}

function withoutUndefined(values: Properties = {}): Properties {
  return pick(values, (key) => values[key] !== undefined);
}

function pick(values: Properties, keep: (key: string) => boolean): Properties {
  return Object.fromEntries(Object.entries(values).filter(([key]) => keep(key)));
}

/** Marks what the schema calls secret and what was secret before. */
export function withSecrets(
  schema: PackageSchema,
  spec: ResourceSpec,
  values: Properties,
  ...earlier: WireValues[]
): WireValues {
  const secrets = schemaSecrets(schema, { ...spec.properties, ...spec.inputProperties }, values);
  for (const past of earlier) {
    for (const path of past.secrets) {
      const top = String(parsePath(path)[0]);
      if (values[top] === undefined) continue;
      // Where the value has another shape now, nobody can tell which part is the secret one: all of it is.
      secrets.add(isDeepStrictEqual(values[top], past.values[top]) ? path : formatPath([top]));
    }
  }
  return { values, secrets };
}

/** The outputs that the schema names and the inputs do not give: what the cloud computes. */
function computedOutputs(spec: ResourceSpec, inputs: Properties): string[] {
  const required = new Set(spec.required);
  return Object.keys(spec.properties ?? {}).filter((key) => {
    if (inputs[key] !== undefined) return false;
    return !(key in (spec.inputProperties ?? {})) || required.has(key);
  });
}

/** A new resource: all that the handler does not foretell is unknown. */
export function previewCreate(spec: ResourceSpec, inputs: Properties, foretold: Properties | undefined): Properties {
  const unknown = computedOutputs(spec, inputs).map((key) => [key, Unknown.value]);
  return joinState(inputs, { ...Object.fromEntries(unknown), ...withoutUndefined(foretold) });
}

/**
 * An update: a handler with a `preview` says what stays, and the rest is unknown. Without one, an update in place leaves
 * the outputs as they are, save those that `plan` says will change: taking every output for unknown would show a false
 * replacement of all that depends on them.
 */
export function previewUpdate(
  spec: ResourceSpec,
  inputs: Properties,
  old: Properties,
  foretold: Properties | undefined,
  changingOutputs: readonly string[],
): Properties {
  const outputs: Properties = {};
  const changing = new Set(changingOutputs.map((path) => String(parsePath(path)[0])));
  for (const key of computedOutputs(spec, inputs)) {
    const stays = foretold === undefined && !changing.has(key) && old[key] !== undefined;
    outputs[key] = stays ? old[key] : Unknown.value;
  }
  return joinState(inputs, { ...outputs, ...withoutUndefined(foretold) });
}

/** Computed outputs that an update leaves as they are. */
export function stableOutputs(spec: ResourceSpec, old: Properties, previewed: Properties): string[] {
  return Object.keys(spec.properties ?? {}).filter(
    (key) => !isUnknown(previewed[key]) && old[key] !== undefined && isDeepStrictEqual(previewed[key], old[key]),
  );
}
