/** What is there, and what its cloud no longer offers. */
import { isDeepStrictEqual } from "node:util";
import type { CheckFailure, ResourceLog } from "../server/resource";
import type { Fields } from "./inputs";

/**
 * Findings about a cloud's offer, which changes by itself. Of a resource that is there and stays as it is in the fields that they are about,
 * they are told and refuse nothing: what runs needs no offer.
 * @param fields all that the findings rest on
 */
export function unlessStanding<I extends object>(
  findings: CheckFailure[],
  {
    before,
    inputs,
    fields,
    log,
  }: {
    before: I | undefined;
    inputs: Fields<I>;
    fields: readonly (keyof I & string)[];
    log: Pick<ResourceLog, "warn">;
  },
): CheckFailure[] {
  if (before === undefined || fields.some((field) => !isDeepStrictEqual(before[field], inputs[field]))) return findings;
  for (const { property, reason } of findings) {
    log.warn(`${property}: ${reason}. What is there goes on; no more of it can be made until this is changed`);
  }
  return [];
}
