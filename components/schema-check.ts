/** What the schema says of a component's arguments: what is required and unknown, types and enums. */
import * as pulumi from "../sdk/pulumi";
import { committedSchema } from "../sdk/schema/committed";
import { formatPath, parsePath, valueAt, type PropertyPath } from "../sdk/schema/property-path";
import { validate } from "../sdk/schema/validation";
import type { Problems } from "./errors";

/**
 * The arguments without what the schema refuses, so that a component's own checks look at values of the right types only. The problems have
 * what it refuses, and hear no more of these fields.
 */
export function bySchema<Args extends object>(type: string, args: Args, problems: Problems): Args {
  const schema = committedSchema();
  const { inputProperties = {}, requiredInputs = [] } = schema.resources![type]!;
  const spec = { properties: inputProperties, required: requiredInputs };
  const { values, failures } = validate(schema, spec, args as Record<string, unknown>, isUnknown);
  for (const { property, reason, meant } of failures) {
    problems.add(property, reason);
    if (meant !== undefined) problems.settle(meant);
    problems.settle(formatPath(remove(values, parsePath(property))));
  }
  return values as Args;
}

function isUnknown(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** Takes out what is there, and says what that was: of a list of plain values the whole list, of a list of objects nothing but its fields. */
function remove(values: Record<string, unknown>, path: PropertyPath): PropertyPath {
  const [parentPath, last] = [path.slice(0, -1), path.at(-1)!];
  const parent = valueAt(values, parentPath);
  if (Array.isArray(parent)) {
    if (!parent.some((element) => typeof element === "object")) return remove(values, parentPath);
    parent[last as number] = {};
  } else if (typeof parent === "object" && parent !== null) {
    delete (parent as Record<string | number, unknown>)[last];
  }
  return path;
}
