/** Questions that several handlers ask of their inputs. */
import type { CheckFailure, ResourceContext, Unknowable } from "../../plugin/resource";
import { isUnknown, type Unknown } from "../../plugin/values";
import type { CatalogueContent } from "../catalogue";
import { isCudoError } from "../errors";
import { idProblem } from "../ids";
import { connectIfKnown, type Connection } from "./connection";

/** Inputs of which each may be unknown: the whole is known, as the engine gives it. */
export type Fields<I> = { [K in keyof I]: Unknowable<I[K]> };

/** A value that is known, or undefined. Only for values without parts. */
export function known<T extends string | number | boolean>(value: T | Unknown | undefined): T | undefined {
  return isUnknown(value) || value === null ? undefined : (value as T | undefined);
}

/** A list whose elements are all known, or undefined. */
export function knownList(value: Unknowable<string[]> | undefined): string[] | undefined {
  return Array.isArray(value) && !value.some(isUnknown) ? (value as string[]) : undefined;
}

export function checkId(property: string, id: string | Unknown | undefined): CheckFailure[] {
  const value = known(id);
  const reason = value === undefined ? undefined : idProblem(value);
  return reason === undefined ? [] : [{ property, reason }];
}

export function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [new Set(a), new Set(b)];
  return left.size === right.size && [...left].every((value) => right.has(value));
}

/** The live list in the order of the known one where both hold the same: another order is no difference. */
export function inOrderOf<T extends readonly string[] | undefined>(
  before: T,
  live: string[],
): T | string[] | undefined {
  if (before !== undefined && sameSet(before, live)) return before;
  return before === undefined && live.length === 0 ? undefined : live;
}

/** Asks the catalogue, unless the credentials are not known yet. A refused key is one failure of the provider's configuration. */
export async function withCatalogue(
  { config, signal }: ResourceContext,
  check: (catalogue: CatalogueContent, connection: Connection) => CheckFailure[] | Promise<CheckFailure[]>,
): Promise<CheckFailure[]> {
  const connection = connectIfKnown(config);
  if (!connection) {
    return [];
  }
  try {
    return await check(await connection.catalogue.read(signal), connection);
  } catch (error) {
    if (isCudoError(error, "unauthenticated"))
      return [
        { property: "cudo.apiKey", reason: `Cudo refused the key (cudo.apiKey, or CUDO_API_KEY): ${error.message}` },
      ];
    if (isCudoError(error, "permission"))
      return [
        {
          property: "cudo.projectId",
          reason: `the key may not use the project "${connection.api.projectId}": ${error.message}`,
        },
      ];
    throw error;
  }
}

const longestTimerMs = 2 ** 31 - 1;

/** The user's `customTimeouts`, else the default. */
export function timeLimit({ timeoutMs }: ResourceContext, defaultMs: number): number {
  return Math.min(timeoutMs ?? defaultMs, longestTimerMs);
}

export const twentyMinutes = 20 * 60_000;
export const twoHours = 2 * 60 * 60_000;
