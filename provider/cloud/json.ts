/**
 * Reads what a cloud answered. What says whether something exists must have its shape, or it is an error: an empty list in its place would
 * have a refresh drop what is there, and the next `up` buy it again. All else is read leniently: numbers may be strings, what is missing is
 * zero or empty.
 */

export type Json = Record<string, unknown>;

/** The answer has another shape than the cloud's API. */
export class WrongShape extends Error {
  override readonly name = "WrongShape";
}

/** @param what for the message: `the answer`, `data` */
export function object(value: unknown, what: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new WrongShape(`${what} is ${kindOf(value)}, not an object`);
}

export function objects(value: unknown, what: string): Json[] {
  if (!Array.isArray(value)) throw new WrongShape(`${what} is ${kindOf(value)}, not a list`);
  return value.map((item, index) => object(item, `${what}[${index}]`));
}

/** A text that an object of its kind always has: its id, its status. */
export function requiredText(json: Json, key: string): string {
  const found = text(json[key]);
  if (found === "") throw new WrongShape(`${key} is missing`);
  return found;
}

export function requiredNumber(json: Json, key: string): number {
  const value = json[key];
  const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof found !== "number" || Number.isNaN(found))
    throw new WrongShape(`${key} is ${kindOf(value)}, not a number`);
  return found;
}

function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

export function record(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function records(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(record) : [];
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(text).filter(Boolean) : [];
}

export function number(value: unknown): number {
  const parsed = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof parsed === "number" && !Number.isNaN(parsed) ? parsed : 0;
}
