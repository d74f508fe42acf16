/** The parts of a Pulumi package schema that the server acts on. reference: Pulumi package schema, `pulumi.json` metaschema. */
import { formatPath, type PropertyPath } from "./property-path";
import { isRecord } from "./record";

export interface TypeSpec {
  type?: "boolean" | "integer" | "number" | "string" | "array" | "object";
  $ref?: string;
  items?: TypeSpec;
  additionalProperties?: TypeSpec;
  oneOf?: TypeSpec[];
  /** No Output is taken. */
  plain?: boolean;
}

export interface PropertySpec extends TypeSpec {
  description?: string;
  default?: boolean | number | string;
  deprecationMessage?: string;
  secret?: boolean;
  willReplaceOnChanges?: boolean;
}

export interface ObjectSpec {
  description?: string;
  type?: "object";
  properties?: Record<string, PropertySpec>;
  required?: string[];
}

export interface EnumSpec {
  description?: string;
  type: "string" | "number" | "integer";
  enum: { value: string | number; name?: string; description?: string }[];
}

export interface ResourceSpec extends ObjectSpec {
  isComponent?: boolean;
  inputProperties?: Record<string, PropertySpec>;
  requiredInputs?: string[];
  deprecationMessage?: string;
}

export interface FunctionSpec {
  description?: string;
  deprecationMessage?: string;
  inputs?: ObjectSpec;
  outputs?: ObjectSpec;
}

export interface PackageSchema {
  name: string;
  version?: string;
  description?: string;
  config?: { variables?: Record<string, PropertySpec>; defaults?: string[] };
  provider?: ResourceSpec;
  types?: Record<string, ObjectSpec | EnumSpec>;
  resources?: Record<string, ResourceSpec>;
  functions?: Record<string, FunctionSpec>;
  language?: Record<string, unknown>;
  [field: string]: unknown;
}

const LOCAL_TYPE = "#/types/";

/** The named type that a property refers to, or undefined for built-in types. */
export function namedType(schema: PackageSchema, spec: TypeSpec): ObjectSpec | EnumSpec | undefined {
  if (!spec.$ref?.startsWith(LOCAL_TYPE)) return undefined;
  return schema.types?.[decodeURIComponent(spec.$ref.slice(LOCAL_TYPE.length))];
}

export function isEnum(type: ObjectSpec | EnumSpec): type is EnumSpec {
  return "enum" in type;
}

/** The specification of what lies one step below, or undefined where the schema says nothing. */
export function childSpec(schema: PackageSchema, spec: TypeSpec, part: string | number): PropertySpec | undefined {
  const named = namedType(schema, spec);
  if (named) return isEnum(named) ? undefined : named.properties?.[part];
  return typeof part === "number" ? spec.items : spec.additionalProperties;
}

/** The paths inside `values` that the schema calls secret. */
export function schemaSecrets(
  schema: PackageSchema,
  properties: Record<string, PropertySpec>,
  values: Record<string, unknown>,
): Set<string> {
  const secrets = new Set<string>();
  const visit = (value: unknown, spec: PropertySpec | undefined, path: PropertyPath): void => {
    if (!spec || value === undefined) return;
    if (spec.secret) {
      secrets.add(formatPath(path));
    } else if (Array.isArray(value)) {
      value.forEach((element, i) => visit(element, childSpec(schema, spec, i), [...path, i]));
    } else if (isRecord(value)) {
      for (const [key, child] of Object.entries(value)) visit(child, childSpec(schema, spec, key), [...path, key]);
    }
  };
  for (const [key, value] of Object.entries(values)) visit(value, properties[key], [key]);
  return secrets;
}

/** True when the schema says that a change at this path replaces the resource. */
export function replacesOnChange(
  schema: PackageSchema,
  properties: Record<string, PropertySpec>,
  path: PropertyPath,
): boolean {
  const [first, ...rest] = path;
  let spec: PropertySpec | undefined = properties[String(first)];
  for (const part of rest) {
    if (!spec || spec.willReplaceOnChanges) break;
    spec = childSpec(schema, spec, part);
  }
  return spec?.willReplaceOnChanges === true;
}
