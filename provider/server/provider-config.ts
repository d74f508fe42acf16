/**
 * The provider's configuration. A structured value (`cudo`) arrives as an object or as JSON text, depending on who sends it,
 * and is kept as JSON text in the state.
 */
import { isDeepStrictEqual } from "node:util";
import { childSpec, isEnum, namedType, type PackageSchema, type PropertySpec } from "../../sdk/schema/package-schema";
import { formatPath, parsePath, valueAt, type PropertyPath } from "../../sdk/schema/property-path";
import type { CheckFailure, ProviderConfig, ProviderDefinition } from "./resource";
import { Unknown } from "./values";
import { validate } from "../../sdk/schema/validation";
import { isUnknown } from "./values";
import { containsUnknown, isRecord, type Properties } from "./wire";

export interface CheckedConfig {
  /** For the handlers: complete. */
  readonly config: ProviderConfig;
  /** For the state: without secrets that came from the environment. */
  readonly stored: Properties;
  readonly failures: CheckFailure[];
}

export function checkConfig(definition: ProviderDefinition, schema: PackageSchema, raw: Properties): CheckedConfig {
  const { values: given, failures: unreadable } = parseStructured(schema, raw);
  const properties = configProperties(schema);
  const validated = validate(schema, { properties }, given, isUnknown);
  const failures = [...unreadable, ...validated.failures];
  if (failures.length > 0) return { config: {}, stored: raw, failures };
  const checked = definition.checkConfig(validated.values);
  return { config: checked.config, stored: toStored(schema, given, checked.config, raw), failures: checked.failures };
}

/** Config properties that differ. None of them replaces all resources: each knows where it is (`Placement`). */
export function changedConfig(schema: PackageSchema, before: Properties, after: Properties): string[] {
  const old = parseStructured(schema, before).values;
  const now = parseStructured(schema, after).values;
  return Object.keys(configProperties(schema)).filter((key) => !isDeepStrictEqual(old[key], now[key]));
}

function configProperties(schema: PackageSchema): Record<string, PropertySpec> {
  return schema.config?.variables ?? {};
}

/** Also leaves out what the engine adds for itself (`version`, `__internal`). */
function parseStructured(schema: PackageSchema, raw: Properties): { values: Properties; failures: CheckFailure[] } {
  const values: Properties = {};
  const failures: CheckFailure[] = [];
  for (const [key, value] of Object.entries(raw)) {
    const spec = configProperties(schema)[key];
    if (!spec && (key === "version" || key === "pluginDownloadURL" || key.startsWith("__"))) continue;
    if (typeof value !== "string" || !spec || isText(schema, spec)) {
      values[key] = value;
      continue;
    }
    // YAML's `key:` without a value.
    if (value === "") continue;
    try {
      values[key] = JSON.parse(value);
    } catch {
      failures.push({ property: key, reason: "is not valid JSON" });
    }
  }
  return { values, failures };
}

function isText(schema: PackageSchema, spec: PropertySpec): boolean {
  const named = namedType(schema, spec);
  return spec.type === "string" || (named !== undefined && isEnum(named));
}

function toStored(schema: PackageSchema, given: Properties, config: Properties, raw: Properties): Properties {
  const keep = (value: unknown, spec: PropertySpec | undefined, path: PropertyPath): unknown => {
    if (spec?.secret && valueAt(given, path) === undefined) return undefined;
    if (!isRecord(value)) return value;
    const entries = Object.entries(value).map(([key, child]) => [
      key,
      keep(child, spec && childSpec(schema, spec, key), [...path, key]),
    ]);
    return Object.fromEntries(entries.filter(([, child]) => child !== undefined));
  };
  const stored: Properties = { ...raw };
  for (const [key, spec] of Object.entries(configProperties(schema))) {
    const value = keep(config[key], spec, [key]);
    if (value === undefined || (isRecord(value) && Object.keys(value).length === 0)) continue;
    if (containsUnknown(value)) stored[key] = Unknown.value;
    else stored[key] = typeof value === "string" ? value : JSON.stringify(value);
  }
  return stored;
}

/** Secret texts in the configuration, for keeping them out of messages. */
export function configSecretTexts(schema: PackageSchema, config: ProviderConfig): string[] {
  const texts: string[] = [];
  const visit = (value: unknown, spec: PropertySpec | undefined): void => {
    if (typeof value === "string" && spec?.secret) texts.push(value);
    else if (isRecord(value)) {
      for (const [key, child] of Object.entries(value)) visit(child, spec && childSpec(schema, spec, key));
    }
  };
  for (const [key, value] of Object.entries(config)) visit(value, configProperties(schema)[key]);
  return texts;
}

export function describeFailures(failures: readonly CheckFailure[]): string {
  return failures.map(({ property, reason }) => `${formatPath(parsePath(property))}: ${reason}`).join("\n");
}
