/**
 * Holds requests and answers against Mithril's own description of its API. `golden/api-description.json` has the names, types and bounds of
 * the operations that are used here, from the OpenAPI document in Mithril's Python package flow-compute 3.28.2 (Apache-2.0).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Schema {
  $ref?: string;
  type?: string;
  nullable?: boolean;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  enum?: unknown[];
  const?: unknown;
  format?: string;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxLength?: number;
  pattern?: string;
  uniqueItems?: boolean;
}

interface Operation {
  query?: Record<string, { required?: boolean; schema: Schema }>;
  body?: Schema;
  answers: Record<string, Schema | null>;
}

const description = JSON.parse(readFileSync(join(__dirname, "golden", "api-description.json"), "utf8")) as {
  operations: Record<string, Operation>;
  schemas: Record<string, Schema>;
};

/** What Mithril's own client uses although the description lacks it. */
const undocumented = {
  operations: ["GET /marketplace/v1/regions"],
  query: { "GET /v2/spot/availability": ["project"] } as Record<string, string[]>,
};

/** All that the description has, `GET /v2/me`. */
export const describedOperations: readonly string[] = Object.keys(description.operations);

export interface Exchange {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  body: string;
  status: number;
  answer: string;
}

/** `GET /v2/spot/bids/{}` */
export function operationOf({ method, path }: Pick<Exchange, "method" | "path">): string {
  return `${method} ${path.replace(/\/[a-z]+_[A-Za-z0-9]+(?=\/|$)/, "/{}")}`;
}

/** What the description does not allow; empty when all is well. */
export function problemsOf(exchange: Exchange): string[] {
  const name = operationOf(exchange);
  if (undocumented.operations.includes(name)) return [];
  const operation = description.operations[name];
  if (!operation) return [`${name} is not described`];
  const { query = {}, body, answers } = operation;
  const problems: string[] = [];
  for (const [key, text] of exchange.query) {
    const schema = query[key]?.schema;
    if (schema) problems.push(...check(schema, fromText(schema, text), `?${key}`));
    else if (!undocumented.query[name]?.includes(key)) problems.push(`?${key} is not described`);
  }
  for (const [key, { required }] of Object.entries(query)) {
    if (required && !exchange.query.has(key)) problems.push(`?${key} is missing`);
  }
  if (body) problems.push(...check(body, JSON.parse(exchange.body), "request"));
  else if (exchange.body !== "") problems.push("the request should have no body");
  const answer = answers[String(exchange.status)];
  if (answer === undefined) problems.push(`the answer ${exchange.status} is not described`);
  else if (answer === null) problems.push(...(exchange.answer === "" ? [] : ["the answer should have no body"]));
  else problems.push(...check(answer, exchange.answer === "" ? undefined : JSON.parse(exchange.answer), "answer"));
  return problems.map((problem) => `${name}: ${problem}`);
}

/** Values of a query are text, lists are joined by commas. */
function fromText({ type }: Schema, text: string): unknown {
  if (type === "array") return text.split(",");
  return type === "integer" || type === "number" || type === "boolean" ? JSON.parse(text) : text;
}

function check(schema: Schema, value: unknown, at: string): string[] {
  if (schema.nullable && value === null) return [];
  if (schema.$ref !== undefined) return check(description.schemas[schema.$ref]!, value, at);
  const wrong = bounds(schema).filter(({ holds }) => !holds(value));
  if (wrong.length > 0) return wrong.map(({ rule }) => `${at} is ${JSON.stringify(value)}, not ${rule}`);
  if (Array.isArray(value)) return value.flatMap((item, index) => check(schema.items ?? {}, item, `${at}[${index}]`));
  return isRecord(value) ? fields(schema, value, at) : [];
}

function fields({ properties, required = [], additionalProperties }: Schema, value: object, at: string): string[] {
  const missing = required.filter((key) => !(key in value)).map((key) => `${at}.${key} is missing`);
  if (!properties && additionalProperties === undefined) return missing;
  const found = Object.entries(value).flatMap(([key, child]) => {
    const other = typeof additionalProperties === "object" ? additionalProperties : undefined;
    const schema = properties?.[key] ?? other;
    return schema ? check(schema, child, `${at}.${key}`) : [`${at}.${key} is not described`];
  });
  return [...missing, ...found];
}

interface Bound {
  rule: string;
  holds(value: unknown): boolean;
}

const types: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === "string",
  integer: Number.isSafeInteger,
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  array: Array.isArray,
  object: isRecord,
};

function bounds(schema: Schema): Bound[] {
  const { type, format, minimum = -Infinity, maximum = Infinity, minItems = 0, maxLength = Infinity } = schema;
  const size = (value: unknown) => (value as { length?: number }).length ?? 0;
  const all: (Bound | false | undefined)[] = [
    type !== undefined && { rule: type, holds: types[type]! },
    format === "datetime" && { rule: "a time with its zone", holds: isTime },
    schema.enum && { rule: `one of ${schema.enum.join(", ")}`, holds: (value) => schema.enum!.includes(value) },
    schema.const !== undefined && { rule: String(schema.const), holds: (value) => value === schema.const },
    { rule: `from ${minimum} to ${maximum}`, holds: (value) => outside(value, minimum, maximum) === false },
    { rule: `at least ${minItems} long`, holds: (value) => size(value ?? []) >= minItems },
    { rule: `at most ${maxLength} long`, holds: (value) => size(value ?? []) <= maxLength },
    schema.pattern !== undefined && {
      rule: `like ${schema.pattern}`,
      holds: (value) => new RegExp(schema.pattern!).test(String(value)),
    },
    schema.uniqueItems && {
      rule: "a list without repetition",
      holds: (value) => !Array.isArray(value) || new Set(value).size === value.length,
    },
  ];
  return all.filter((bound) => bound !== false && bound !== undefined);
}

function outside(value: unknown, minimum: number, maximum: number): boolean {
  return typeof value === "number" && (value < minimum || value > maximum);
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && /T[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
