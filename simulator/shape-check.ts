/** Checks of JSON that somebody sent. */

export type Shape = { readonly [field: string]: "string" | "pattern" | "count" | Shape };

/** What is wrong with a value that should have this shape. Every field may be left out. */
export function misfit(name: string, shape: Shape, value: unknown): string | undefined {
  if (!isObject(value)) return `${name} must be an object.`;
  for (const [key, entry] of Object.entries(value)) {
    const path = `${name}.${key}`;
    const type = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (type === undefined) return `${path} is unknown; known: ${Object.keys(shape).join(", ")}.`;
    if (typeof type === "object") {
      const problem = misfit(path, type, entry);
      if (problem !== undefined) return problem;
    } else if (type === "count") {
      if (!isCount(entry, 0)) return `${path} must be a whole number from 0.`;
    } else if (typeof entry !== "string" || (type === "pattern" && !isPattern(entry))) {
      return `${path} must be a ${type === "pattern" ? "regular expression" : "string"}.`;
    }
  }
  return undefined;
}

export function isCount(value: unknown, least: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= least;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
