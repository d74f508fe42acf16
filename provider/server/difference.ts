/** What changed between the inputs in the state and those of the program. */
import { isDeepStrictEqual } from "node:util";
import type { ObjectSpec } from "../../sdk/schema/package-schema";
import type { PropertyPath } from "../../sdk/schema/property-path";
import { isUnknown } from "./values";
import { isRecord, type Properties } from "./wire";

export interface Change {
  readonly path: PropertyPath;
  readonly kind: "add" | "delete" | "update";
}

/** The deepest paths that differ. A value that is not known yet counts as different from any known one. */
export function compareInputs(object: ObjectSpec, before: Properties, after: Properties): Change[] {
  const changes: Change[] = [];
  for (const key of unionOfKeys(before, after)) {
    // A state from an import, or from an older version of the package, lacks defaults that the program's inputs have.
    if (before[key] === undefined && after[key] === object.properties?.[key]?.default) continue;
    // What a later release of the package had and this one does not know, no program can have changed.
    if (after[key] === undefined && object.properties && !(key in object.properties)) continue;
    compare(before[key], after[key], [key], changes);
  }
  return changes;
}

function compare(before: unknown, after: unknown, path: PropertyPath, changes: Change[]): void {
  if (before === undefined && after === undefined) return;
  if (before === undefined) {
    changes.push({ path, kind: "add" });
  } else if (after === undefined) {
    changes.push({ path, kind: "delete" });
  } else if (isUnknown(after) || isUnknown(before)) {
    changes.push({ path, kind: "update" });
  } else if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i++) {
      compare(before[i], after[i], [...path, i], changes);
    }
  } else if (isRecord(before) && isRecord(after)) {
    for (const key of unionOfKeys(before, after)) compare(before[key], after[key], [...path, key], changes);
  } else if (!isDeepStrictEqual(before, after)) {
    changes.push({ path, kind: "update" });
  }
}

function unionOfKeys(a: object, b: object): Set<string> {
  return new Set([...Object.keys(a), ...Object.keys(b)]);
}
