/** Physical names for resources whose program gives none: the resource's name and seven characters. */
import { createHash, randomBytes } from "node:crypto";
import type { Properties } from "../../provider/server/wire";

export interface Autoname {
  readonly property: string;
  readonly maxLength: number;
  /** Inputs that stand for a name of the user's own: `namePrefix`. */
  readonly unless?: readonly string[];
}

/** Among the inputs: which of them the provider chose, so that it can tell them from the user's at the next update. */
export const defaultsKey = "__defaults";

export interface NameQuestion {
  /** The resource's name in the program. */
  readonly name: string;
  /** The same at preview and update, another for a replacement. */
  readonly seed: Uint8Array;
  readonly before: Properties;
  readonly given: Properties;
}

export function named(
  { property, maxLength, unless = [] }: Autoname,
  { name, seed, before, given }: NameQuestion,
): Properties {
  if ([property, ...unless].some((key) => given[key] !== undefined)) return { ...given, [defaultsKey]: [] };
  const earlier = before[defaultsKey];
  const chosen = Array.isArray(earlier) && earlier.includes(property) ? before[property] : undefined;
  const suffix = uniqueSuffix(name, seed);
  const value = chosen ?? `${name.slice(0, maxLength - suffix.length - 1)}-${suffix}`;
  return { ...given, [property]: value, [defaultsKey]: [property] };
}

function uniqueSuffix(name: string, seed: Uint8Array): string {
  const hex =
    seed.length > 0 ? createHash("sha256").update(seed).update(name).digest("hex") : randomBytes(4).toString("hex");
  return hex.slice(0, 7);
}
