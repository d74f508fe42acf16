/** The answer to "what would this update do": the schema's comparison, and what the handler adds to it. */
import { compareInputs, type Change } from "./difference";
import { replacesOnChange, type PackageSchema, type ResourceSpec } from "../../sdk/schema/package-schema";
import type { Placement } from "./placement";
import { formatPath, isWithin, parsePath, valueAt, type PropertyPath } from "../../sdk/schema/property-path";
import type { ChangePlan, ResourceHandler } from "./resource";
import { previewUpdate, splitState, stableOutputs } from "./resource-state";
import { isUnknown } from "./values";
import type { WireValues } from "./wire";

export interface DetailedChange {
  readonly kind: "add" | "delete" | "update";
  readonly replaces: boolean;
  /** False for a change of an output that no input shows. */
  readonly ofInput: boolean;
}

export interface ResourceDiff {
  /** By property path. */
  readonly changes: ReadonlyMap<string, DetailedChange>;
  readonly deleteBeforeReplace: boolean;
  readonly stables: readonly string[];
}

export interface DiffQuestion {
  readonly oldInputs: WireValues;
  readonly oldState: WireValues;
  readonly news: WireValues;
  readonly ignoreChanges: readonly string[];
}

export function diffResource(
  schema: PackageSchema,
  spec: ResourceSpec,
  handler: ResourceHandler,
  placement: Placement,
  { oldInputs, oldState, news, ignoreChanges }: DiffQuestion,
  drifted: readonly string[] = [],
): ResourceDiff {
  const properties = spec.inputProperties ?? {};
  const state = splitState(spec, oldState.values, oldInputs.values);
  const found = compareInputs({ properties }, state.inputs, news.values);
  const ignored = ignoreChanges.map(parsePath);
  const changed = without(found, ignored);
  const plan: ChangePlan =
    handler.plan?.(
      state,
      news.values,
      changed.map(({ path }) => formatPath(path)),
    ) ?? {};
  const outputs = [...(plan.outputs ?? []), ...drifted];
  const remaining = without(changed, (plan.ignores ?? []).map(parsePath));
  const replacing = (plan.replaces ?? []).map(parsePath);

  const changes = new Map<string, DetailedChange>();
  for (const { path, kind } of remaining) {
    const replaces =
      handler.update === undefined ||
      replacesOnChange(schema, properties, path) ||
      replacing.some((place) => isWithin(path, place));
    changes.set(formatPath(path), { kind, replaces, ofInput: true });
  }
  for (const output of outputs) {
    const path = parsePath(output);
    const replaces = handler.update === undefined || replacing.some((place) => isWithin(path, place));
    if (!changes.has(output)) changes.set(output, { kind: "update", replaces, ofInput: false });
  }
  for (const path of newlySecret(oldInputs, news)) {
    // The state would go on holding the plain text until some later update.
    if (!changes.has(path)) changes.set(path, { kind: "update", replaces: false, ofInput: true });
  }

  const keptPlace = ignored.some((place) => isWithin([placement.property!], place));
  const moves = placement.isElsewhere(state.outputs) && !keptPlace;
  if (moves) changes.set(placement.property!, { kind: "update", replaces: true, ofInput: false });

  const replaced = [...changes.values()].some((change) => change.replaces);
  const previewed = previewUpdate(
    spec,
    news.values,
    state.outputs,
    placement.foretold(handler.preview?.(news.values, state), oldState.values),
    outputs,
  );
  return {
    changes,
    // Elsewhere nothing has its name yet.
    deleteBeforeReplace: replaced && !moves && plan.deleteBeforeReplace === true,
    stables: replaced ? [] : stableOutputs(spec, oldState.values, previewed).filter((key) => !changes.has(key)),
  };
}

function without(changes: readonly Change[], places: readonly PropertyPath[]): Change[] {
  return changes.filter(({ path }) => !places.some((place) => isWithin(path, place)));
}

/** Inputs whose value is the same but which the program calls secret only now. */
function newlySecret(before: WireValues, after: WireValues): string[] {
  const earlier = [...before.secrets].map(parsePath);
  return [...after.secrets].filter((text) => {
    const path = parsePath(text);
    const value = valueAt(before.values, path);
    if (value === undefined || isUnknown(value)) return false;
    return !earlier.some((place) => isWithin(path, place));
  });
}
