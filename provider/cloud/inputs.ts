/** Questions that the handlers of every cloud ask of their inputs. */
import { isRecord } from "../../sdk/schema/record";
import type { Unknowable } from "../server/resource";
import { isUnknown, type Unknown } from "../server/values";

/** Inputs of which each may be unknown: the whole is known, as the engine gives it. */
export type Fields<I> = { [K in keyof I]: Unknowable<I[K]> };

/** A value that is known, or undefined. Only for values without parts. */
export function known<T extends string | number | boolean>(value: T | Unknown | undefined): T | undefined {
  return isUnknown(value) || value === null ? undefined : (value as T | undefined);
}

/** A list whose elements are all known, or undefined. */
export function knownList(value: unknown): string[] | undefined {
  return Array.isArray(value) && !value.some(isUnknown) ? (value as string[]) : undefined;
}

/** A record whose numbers are all known, or undefined. */
export function knownNumbers(value: unknown): Record<string, number> | undefined {
  const isKnown = isRecord(value) && !Object.values(value).some(isUnknown);
  return isKnown ? (value as Record<string, number>) : undefined;
}

export function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [new Set(a), new Set(b)];
  return left.size === right.size && [...left].every((value) => right.has(value));
}

/** The live list in the order of the known one where both hold the same: another order is no difference. */
export function inOrderOf(before: readonly string[] | undefined, live: readonly string[]): string[] | undefined {
  if (before === undefined) return live.length === 0 ? undefined : [...live];
  return sameSet(before, live) ? [...before] : [...live];
}
