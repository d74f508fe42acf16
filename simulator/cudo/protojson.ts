/** Request bodies as a protobuf gateway reads them: lowerCamelCase or the field's own snake_case, unknown fields refused. */
import { invalidArgument } from "./errors";

export type FieldType =
  | { readonly kind: "string" | "bool" | "int" | "timestamp" | "duration" | "stringMap" | "decimal" }
  | { readonly kind: "enum"; readonly values: readonly string[] }
  | { readonly kind: "repeated"; readonly of: FieldType }
  | { readonly kind: "message"; readonly message: Message };

export interface Message {
  readonly name: string;
  readonly fields: Readonly<Record<string, FieldType>>;
  /** Groups of fields of which at most one may be set. */
  readonly oneofs?: Readonly<Record<string, readonly string[]>>;
}

type Value<F extends FieldType> = F extends { kind: "bool" }
  ? boolean
  : F extends { kind: "int" }
    ? number
    : F extends { kind: "stringMap" }
      ? Record<string, string>
      : F extends { kind: "decimal" }
        ? { value: string }
        : F extends { kind: "repeated"; of: infer I extends FieldType }
          ? Value<I>[]
          : F extends { kind: "message"; message: infer M extends Message }
            ? Decoded<M>
            : F extends { kind: "enum"; values: readonly (infer V)[] }
              ? V
              : string;

/** What `decode` gives for a message: absent means not sent. */
export type Decoded<M extends Message> = { -readonly [K in keyof M["fields"]]?: Value<M["fields"][K]> };

export const text = { kind: "string" } as const;
export const bool = { kind: "bool" } as const;
export const int = { kind: "int" } as const;
export const timestamp = { kind: "timestamp" } as const;
export const duration = { kind: "duration" } as const;
export const stringMap = { kind: "stringMap" } as const;
export const decimal = { kind: "decimal" } as const;
export const enumeration = <const V extends readonly string[]>(values: V) => ({ kind: "enum", values }) as const;
export const repeated = <const F extends FieldType>(of: F) => ({ kind: "repeated", of }) as const;
export const nested = <const M extends Message>(message: M) => ({ kind: "message", message }) as const;

/** Reads a request body. Throws code 3 with protojson's words for anything that is not of the message's shape. */
export function decode<M extends Message>(message: M, body: string): Decoded<M> {
  if (body.trim() === "") return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw invalidArgument(`proto: syntax error (line 1:1): unexpected token ${body.trim().slice(0, 1)}`);
  }
  return decodeMessage(message, parsed, body) as Decoded<M>;
}

function decodeMessage(message: Message, value: unknown, body: string): Record<string, unknown> {
  if (!isObject(value))
    throw invalidArgument(`proto: syntax error (line 1:1): unexpected token ${JSON.stringify(value)}`);
  const result: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    const name = fieldName(message, key);
    if (name === undefined) throw problem(body, key, `unknown field ${JSON.stringify(key)}`);
    if (name in result) throw problem(body, key, `duplicate field ${JSON.stringify(key)}`);
    if (field === null) continue;
    result[name] = decodeValue(message.fields[name]!, field, key, body);
  }
  for (const [oneof, members] of Object.entries(message.oneofs ?? {})) {
    const set = members.filter((member) => member in result);
    if (set.length > 1)
      throw problem(
        body,
        set[1]!,
        `error parsing ${JSON.stringify(set[1])}, oneof ${message.name}.${oneof} is already set`,
      );
  }
  return result;
}

function decodeValue(type: FieldType, value: unknown, key: string, body: string): unknown {
  const invalid = () => problem(body, key, `invalid value for ${type.kind} field ${key}: ${JSON.stringify(value)}`);
  switch (type.kind) {
    case "string":
      if (typeof value !== "string") throw invalid();
      return value;
    case "bool":
      if (typeof value !== "boolean") throw invalid();
      return value;
    case "int": {
      const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
      if (typeof number !== "number" || !Number.isInteger(number) || Math.abs(number) > 2 ** 31 - 1) throw invalid();
      return number;
    }
    case "timestamp":
      if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT/.test(value) || Number.isNaN(Date.parse(value)))
        throw invalid();
      return value;
    case "duration":
      if (typeof value !== "string" || !/^-?\d+(\.\d{1,9})?s$/.test(value)) throw invalid();
      return value;
    case "decimal":
      if (!isObject(value) || typeof value["value"] !== "string") throw invalid();
      return { value: value["value"] };
    case "stringMap":
      if (!isObject(value) || !Object.values(value).every((entry) => typeof entry === "string")) throw invalid();
      return { ...value };
    case "enum": {
      const name = typeof value === "number" ? type.values[value] : value;
      if (typeof name !== "string" || !type.values.includes(name)) throw invalid();
      return name;
    }
    case "repeated":
      if (!Array.isArray(value)) throw invalid();
      return value.map((entry) => decodeValue(type.of, entry, key, body));
    case "message":
      if (!isObject(value)) throw invalid();
      return decodeMessage(type.message, value, body);
  }
}

function fieldName(message: Message, key: string): string | undefined {
  if (Object.hasOwn(message.fields, key)) return key;
  return Object.keys(message.fields).find((name) => snakeCase(name) === key);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function problem(body: string, key: string, message: string) {
  const before = body.slice(0, Math.max(0, body.indexOf(JSON.stringify(key)))).split("\n");
  return invalidArgument(`proto: (line ${before.length}:${before.at(-1)!.length + 1}): ${message}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
