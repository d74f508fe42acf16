/** What the schema alone can say about the user's values: types, enums, required and unknown properties, defaults. */
import {
  isEnum,
  namedType,
  type ObjectSpec,
  type PackageSchema,
  type PropertySpec,
  type TypeSpec,
} from "./package-schema";
import { formatPath, type PropertyPath } from "./property-path";
import { closest } from "./spelling";
import { isRecord } from "./record";

type Properties = Record<string, unknown>;

/** What the SDK makes of an Output where a text is wanted. */
const outputInText = "Calling [toString] on an [Output<T>]";

/** What is wrong with a property. */
export interface SchemaFailure {
  property: string;
  reason: string;
  /** The property whose name is misspelt, where it is not given besides: that it is missing is said by this. */
  meant?: string;
}

/**
 * The values with the schema's constant defaults filled in, at every depth, and everything that is wrong with them. Nothing is said of values
 * that are not known yet.
 */
export function validate(
  schema: PackageSchema,
  object: ObjectSpec,
  values: Properties,
  isUnknown: (value: unknown) => boolean,
): { values: Properties; failures: SchemaFailure[] } {
  const failures: SchemaFailure[] = [];
  const fail = (path: PropertyPath, reason: string, meant?: PropertyPath): void => {
    failures.push({ property: formatPath(path), reason, ...(meant && { meant: formatPath(meant) }) });
  };

  function visitObject(type: ObjectSpec, given: Properties, path: PropertyPath): Properties {
    const properties = type.properties ?? {};
    const result: Properties = {};
    const misspelt = new Set<string>();
    for (const [key, value] of Object.entries(given)) {
      const spec = Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (!spec) {
        const guess = closest(key, Object.keys(properties));
        const isMissing = guess !== undefined && !Object.hasOwn(given, guess);
        if (isMissing) misspelt.add(guess);
        const reason = `there is no such property${guess ? `; did you mean "${guess}"?` : known(properties)}`;
        fail([...path, key], reason, isMissing ? [...path, guess] : undefined);
      } else if (value !== null && value !== undefined) {
        result[key] = visit(spec, value, [...path, key], spec.secret === true);
      }
    }
    for (const [key, spec] of Object.entries(properties)) {
      if (result[key] === undefined && spec.default !== undefined) result[key] = spec.default;
    }
    for (const key of type.required ?? []) {
      if (misspelt.has(key)) continue;
      if (result[key] === undefined && !Object.hasOwn(given, key)) {
        fail([...path, key], `is required${explain(properties[key])}`);
      } else if (result[key] === undefined) {
        fail([...path, key], "is required, but has no value");
      }
    }
    return result;
  }

  function visit(spec: TypeSpec, value: unknown, path: PropertyPath, secret: boolean): unknown {
    if (isUnknown(value)) {
      if (spec.plain)
        fail(
          path,
          `must be known when the program runs, and cannot be an Output${takesInside(schema, spec) ? "; what is in it may be" : ""}`,
        );
      return value;
    }
    if (typeof value === "string" && value.includes(outputInText)) {
      fail(path, "has an Output in the midst of a text: pulumi.interpolate makes one text of both");
      return value;
    }
    const date = typeof value === "string" ? dateOfYaml(value) : undefined;
    if (date !== undefined) {
      fail(
        path,
        `is a date, which YAML reads as a time where it has no quotes: ${secret ? "put it in quotes" : `"${date}"`}`,
      );
      return value;
    }
    const named = namedType(schema, spec);
    if (named && isEnum(named)) {
      const allowed = named.enum.map((choice) => choice.value);
      if (!allowed.some((choice) => choice === value)) {
        const guess = typeof value === "string" ? closest(value, allowed.map(String)) : undefined;
        const hint = lostZero(value, allowed) ?? (guess ? `; did you mean "${guess}"?` : inQuotes(value, secret));
        fail(
          path,
          `must be one of ${allowed.map((v) => JSON.stringify(v)).join(", ")}, not ${shown(value, secret)}${hint}`,
        );
      }
      return value;
    }
    if (named) {
      if (isRecord(value)) return visitObject(named as ObjectSpec, value, path);
      fail(path, `must be an object, not ${shown(value, secret)}`);
      return value;
    }
    switch (spec.type) {
      case "string":
      case "boolean":
      case "number":
        if (typeof value !== spec.type) {
          fail(
            path,
            `must be a ${spec.type}, not ${shown(value, secret)}${spec.type === "string" ? inQuotes(value, secret) : ""}`,
          );
        }
        return value;
      case "integer":
        if (!Number.isSafeInteger(value)) fail(path, `must be an integer, not ${shown(value, secret)}`);
        return value;
      case "array": {
        if (!Array.isArray(value)) {
          fail(path, `must be a list, not ${shown(value, secret)}`);
          return value;
        }
        // Of a hole, as two commas make one, `map` would say nothing.
        return Array.from(value as unknown[], (element, i) => {
          if (element !== null) return visit(spec.items ?? {}, element, [...path, i], secret);
          fail([...path, i], "must not be null");
          return element;
        });
      }
      case "object": {
        if (!isRecord(value)) {
          fail(path, `must be an object, not ${shown(value, secret)}`);
          return value;
        }
        if (!spec.additionalProperties) return value;
        const entries = Object.entries(value).map(([key, child]) => [
          key,
          visit(spec.additionalProperties!, child, [...path, key], secret),
        ]);
        return Object.fromEntries(entries);
      }
      case undefined:
        return value;
    }
  }

  return { values: visitObject(object, values, []), failures };
}

function known(properties: Record<string, PropertySpec>): string {
  const names = Object.keys(properties);
  return names.length === 0 ? "" : `; known are ${names.join(", ")}`;
}

/** Whether something in it may be an Output. What the schema knows nothing of is handed over whole: a resource, or an object of Outputs. */
function takesInside(schema: PackageSchema, spec: TypeSpec): boolean {
  if (spec.$ref === "pulumi.json#/Any") return true;
  const named = namedType(schema, spec);
  const fields = named && !isEnum(named) ? Object.values(named.properties ?? {}) : [];
  const parts = [...fields, spec.items, spec.additionalProperties].filter((part) => part !== undefined);
  return parts.some((part) => !part.plain || takesInside(schema, part));
}

function explain(spec: PropertySpec | undefined): string {
  const sentence = spec?.description?.split(/(?<=\.)\s|\n/)[0];
  return sentence ? `: ${sentence}` : "";
}

/** YAML takes texts without quotes for what they look like. */
function inQuotes(value: unknown, secret: boolean): string {
  if (typeof value !== "number" && typeof value !== "boolean") return "";
  if (secret) return "; YAML needs quotes around it";
  // A zero at the end is lost by now, which versions have.
  const lost = /^\d+\.\d$/.test(String(value)) ? ` (or "${value}0")` : "";
  return `; YAML needs quotes: "${value}"${lost}`;
}

/** What YAML makes of the version 1.30 without quotes, where versions are to choose from. */
function lostZero(value: unknown, allowed: readonly unknown[]): string | undefined {
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const isVersion = /^\d+\.\d$/.test(text) && allowed.every((choice) => /^\d+\.\d+$/.test(String(choice)));
  return isVersion ? `; YAML reads ${text}0 without quotes as ${text}` : undefined;
}

/** What a stack's config makes of `2024-05-01` and of times, in the words of Go. */
function dateOfYaml(value: string): string | undefined {
  const [, day, time, zone] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ([+-]\d{4}) \S+$/.exec(value) ?? [];
  if (day === undefined || time === undefined || zone === undefined) return undefined;
  if (time === "00:00:00" && zone === "+0000") return day;
  return `${day}T${time}${zone === "+0000" ? "Z" : `${zone.slice(0, 3)}:${zone.slice(3)}`}`;
}

function shown(value: unknown, secret: boolean): string {
  if (value === null) return "null";
  if (typeof value === "object")
    return Array.isArray(value) ? "a list" : isRecord(value) ? "an object" : instance(value);
  if (value === "") return "an empty text, which is what YAML's `key:` without a value comes to";
  if (secret) return `a ${typeof value}`;
  return typeof value === "string" ? `the string ${JSON.stringify(value)}` : String(value);
}

function instance(value: { constructor?: { name?: string } }): string {
  return `an instance of the class ${value.constructor?.name ?? ""}`.trimEnd();
}
