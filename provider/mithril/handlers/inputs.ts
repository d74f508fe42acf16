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
  const isNoProject = isMithrilError(error, "notFound") && /project/i.test(error.message);
  if (isNoProject || isMithrilError(error, "permission"))
    return { property: "mithril.projectId", reason: error.message };
  return undefined;
});

export const minuteMs = 60_000;

export function sameTime(a: string, b: string): boolean {
  return Date.parse(a) === Date.parse(b);
}
