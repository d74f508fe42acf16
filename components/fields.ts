/** Fields by kind, of what is JSON or YAML that nobody has checked. Pure. */
import type { Problems } from "./errors";

type Kind = "string" | "int" | "bool" | "strings" | "labels" | "objects" | "object";

/** Kind by name; a name with `?` may be missing. */
export type Fields = Readonly<Record<string, Kind>>;

const words: Record<Kind, string> = {
  string: "a text",
  int: "a whole number",
  bool: "true or false",
  strings: "a list of texts",
  labels: "an object of texts",
  objects: "a list of objects",
  object: "an object",
};

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isKind(value: unknown, kind: Kind): boolean {
  const text = (entry: unknown) => typeof entry === "string";
  switch (kind) {
    case "string":
      return text(value);
    case "int":
      return Number.isInteger(value);
    case "bool":
      return typeof value === "boolean";
    case "strings":
      return Array.isArray(value) && value.every(text);
    case "labels":
      return isObject(value) && Object.values(value).every(text);
    case "objects":
      return Array.isArray(value) && value.every(isObject);
    case "object":
      return isObject(value);
  }
}

/** Missing fields, fields of another kind, and what is no field. */
export function checkFields(path: string, value: Record<string, unknown>, fields: Fields, problems: Problems): void {
  const at = (field: string) => (path === "" ? field : `${path}.${field}`);
  for (const [name, kind] of Object.entries(fields)) {
    const [field, optional] = [name.replace("?", ""), name.endsWith("?")];
    const given = value[field];
    if (given === undefined || given === null) {
      if (!optional) problems.add(at(field), "is required");
    } else if (!isKind(given, kind)) {
      problems.add(at(field), `must be ${words[kind]}, is ${JSON.stringify(given)}`);
    }
  }
  const names = Object.keys(fields).map((name) => name.replace("?", ""));
  for (const field of Object.keys(value)) {
    if (!names.includes(field)) problems.add(at(field), `is not a field; the fields are: ${names.join(", ")}`);
  }
}
