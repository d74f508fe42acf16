/** What the schema says of a component's arguments: what is required and unknown, types and enums. */
import { isLater, noValue } from "../sdk/resource-inputs";
import * as pulumi from "../sdk/pulumi";
import { componentsSchema } from "../sdk/schema/committed";
import {
  childSpec,
  isEnum,
  namedType,
  type ObjectSpec,
  type PackageSchema,
  type PropertySpec,
} from "../sdk/schema/package-schema";
import { formatPath, parsePath, valueAt, type PropertyPath } from "../sdk/schema/property-path";
import { isRecord } from "../sdk/schema/record";
import { validate } from "../sdk/schema/validation";
import { checked, type Problems } from "./errors";
import { argsOf } from "./inputs";

/**
 * The arguments without what the schema refuses, so that a component's own checks look at values of the right types only. The problems have
 * what it refuses, and hear no more of these fields.
 */
export function bySchema<Args extends object>(type: string, args: Args | null | undefined, problems: Problems): Args {
  const { inputProperties = {}, requiredInputs = [] } = componentsSchema().resources![type]!;
  const given: unknown = args ?? {};
  if (isRecord(given))
    return bySpec({ properties: inputProperties, required: requiredInputs }, given, problems) as Args;
  problems.add("args", "must be an object of the inputs by name, not an Output or another value");
  for (const input of Object.keys(inputProperties)) problems.settle(input);
  return {} as Args;
}

/** The same of an object of which `spec` tells, and which is at `place` of something else. */
export function bySpec(
  { properties = {}, required = [] }: ObjectSpec,
  given: Record<string, unknown>,
  problems: Problems,
  place?: string,
): Record<string, unknown> {
  const schema = componentsSchema();
  const at = (property: string) => (place === undefined ? property : `${place}.${property}`);
  const { values, failures } = validate(schema, { properties, required }, given, isLater);
  const hasObjects = (list: PropertyPath) => {
    const { items } = specAt(schema, properties, list) ?? {};
    const named = items && namedType(schema, items);
    return named !== undefined && !isEnum(named);
  };
  for (const { property, reason, meant } of failures) {
    problems.add(at(property), reason);
    if (meant !== undefined) problems.settle(at(meant));
    problems.settle(at(formatPath(remove(values, parsePath(property), hasObjects))));
  }
  return values;
}

/**
 * A component's arguments, once its checks have refused nothing. What comes to be known later is held against the schema then: an Output may become
 * anything, and nothing at all where another stack has no such output.
 */
export function heldArgs<Args extends object>(type: string, given: Args): Args {
  const { inputProperties = {} } = componentsSchema().resources![type]!;
  return held(
    type.split(":")[2]!,
    { properties: inputProperties },
    argsOf(given) as Record<string, unknown>,
    [],
  ) as Args;
}

function held(
  component: string,
  { properties = {} }: ObjectSpec,
  values: Record<string, unknown>,
  path: PropertyPath,
): Record<string, unknown> {
  const schema = componentsSchema();
  const visit = (spec: PropertySpec | undefined, value: unknown, at: PropertyPath): unknown => {
    if (spec === undefined) return value;
    if (isLater(value)) return later(component, spec, value, at);
    const named = namedType(schema, spec);
    if (named && !isEnum(named) && isRecord(value)) return held(component, named, value, at);
    if (Array.isArray(value)) return value.map((element: unknown, index) => visit(spec.items, element, [...at, index]));
    if (!spec.additionalProperties || !isRecord(value)) return value;
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, entry]) => [key, visit(spec.additionalProperties, entry, [...at, key])]),
    );
  };
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, visit(properties[key], value, [...path, key])]),
  );
}

function later(component: string, spec: PropertySpec, value: unknown, path: PropertyPath): pulumi.Output<unknown> {
  return pulumi.output(value as object).apply((value: unknown) =>
    checked(component, value, (problems) => {
      if (value === undefined || value === null) return problems.add(formatPath(path), noValue);
      // Whether the Output is a secret is not seen here, so that nothing of it is shown.
      const properties = { value: { ...spec, secret: true } };
      for (const { property, reason } of validate(componentsSchema(), { properties }, { value }, isLater).failures)
        problems.add(formatPath([...path, ...parsePath(property).slice(1)]), reason);
    }),
  );
}

function specAt(
  schema: PackageSchema,
  properties: Record<string, PropertySpec>,
  [first, ...rest]: PropertyPath,
): PropertySpec | undefined {
  return rest.reduce<PropertySpec | undefined>(
    (spec, part) => spec && childSpec(schema, spec, part),
    properties[String(first)],
  );
}

/** Takes out what is there, and says what that was: of a list of plain values the whole list, of a list of objects nothing but its fields. */
function remove(
  values: Record<string, unknown>,
  path: PropertyPath,
  hasObjects: (list: PropertyPath) => boolean,
): PropertyPath {
  const [parentPath, last] = [path.slice(0, -1), path.at(-1)!];
  const parent = valueAt(values, parentPath);
  if (Array.isArray(parent)) {
    if (!hasObjects(parentPath)) return remove(values, parentPath, hasObjects);
    parent[last as number] = {};
  } else if (typeof parent === "object" && parent !== null) {
    delete (parent as Record<string | number, unknown>)[last];
  }
  return path;
}
