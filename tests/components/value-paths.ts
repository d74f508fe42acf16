/** Places in what a user wrote. */
import type { PropertyPath } from "../../sdk/schema/property-path";
import { isRecord } from "../../sdk/schema/record";

/** Of all that is written. */
export function pathsOf(value: unknown, path: PropertyPath = []): PropertyPath[] {
  const own = path.length > 0 ? [path] : [];
  if (Array.isArray(value)) return [...own, ...value.flatMap((part, index) => pathsOf(part, [...path, index]))];
  if (!isRecord(value)) return own;
  return [...own, ...Object.entries(value).flatMap(([name, part]) => pathsOf(part, [...path, name]))];
}

/** The same with another value there; what it would be in is made where there is nothing. */
export function withValue(given: unknown, [first, ...rest]: PropertyPath, value: unknown): unknown {
  if (first === undefined) return value;
  const around = given === undefined ? (typeof first === "number" ? [] : {}) : given;
  // Another value stands there already.
  if (!Array.isArray(around) && !isRecord(around)) return around;
  const copy = (Array.isArray(around) ? [...(around as unknown[])] : { ...around }) as Record<string, unknown>;
  copy[first] = withValue(copy[first], rest, value);
  return copy;
}
