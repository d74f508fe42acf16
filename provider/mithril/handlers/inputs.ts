/** Questions that several handlers ask of their inputs. */
import { catalogueChecker } from "../../cloud/catalogue-check";
import type { Unknowable } from "../../server/resource";
import type { CatalogueContent } from "../catalogue";
import { isMithrilError } from "../errors";
import { connectIfKnown, type Connection } from "../connection";

/** Those elements of a list that are known. */
export function knownItems(value: Unknowable<string[]> | undefined): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

export const withCatalogue = catalogueChecker<CatalogueContent, Connection>(connectIfKnown, (error) => {
  if (isMithrilError(error, "unauthenticated")) return { property: "mithril.apiKey", reason: error.message };
  if (isMithrilError(error, "permission")) return { property: "mithril.projectId", reason: error.message };
  return undefined;
});

export const minuteMs = 60_000;

/** `2026-12-01T08:00:00Z` and other spellings of RFC 3339, with a time zone. */
export function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text));
}

export function sameTime(a: string, b: string): boolean {
  return Date.parse(a) === Date.parse(b);
}
