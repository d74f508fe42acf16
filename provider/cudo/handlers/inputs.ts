/** Questions that several handlers ask of their inputs. */
import { catalogueChecker } from "../../cloud/catalogue-check";
import type { CheckFailure } from "../../server/resource";
import { known } from "../../cloud/inputs";
import type { Unknown } from "../../server/values";
import type { CatalogueContent } from "../catalogue";
import { isCudoError } from "../errors";
import { idProblem } from "../../../sdk/cudo/ids";
import { publicKeyProblem } from "../../../sdk/public-key";
import { connectIfKnown, type Connection } from "../connection";

export function checkId(property: string, id: string | Unknown | undefined): CheckFailure[] {
  const value = known(id);
  const reason = value === undefined ? undefined : idProblem(value);
  return reason === undefined ? [] : [{ property, reason }];
}

/** Keys that root accepts. What machines have was taken by Cudo, as an import shows it. */
export function checkSshKeys(
  { customSshKeys }: { customSshKeys?: unknown },
  before: { customSshKeys?: string[] } | undefined,
): CheckFailure[] {
  if (!Array.isArray(customSshKeys)) return [];
  return customSshKeys.flatMap((key, index) => {
    if (typeof key !== "string" || before?.customSshKeys?.includes(key)) return [];
    const reason = publicKeyProblem(key);
    return reason === undefined ? [] : [{ property: `customSshKeys[${index}]`, reason }];
  });
}

export const withCatalogue = catalogueChecker<CatalogueContent, Connection>(connectIfKnown, (error, { api }) => {
  if (isCudoError(error, "unauthenticated")) {
    const reason = `Cudo refused the key (cudo.apiKey, or CUDO_API_KEY): ${error.message}`;
    return { property: "cudo.apiKey", reason };
  }
  if (isCudoError(error, "permission")) {
    const reason = `the key may not use the project "${api.projectId}": ${error.message}`;
    return { property: "cudo.projectId", reason };
  }
  return undefined;
});

/** Inputs that Cudo's offer decides about. */
export const shapeFields = [
  ...(["dataCenterId", "machineType", "vcpus", "memoryGib"] as const),
  ...(["gpus", "diskSizeGib", "image"] as const),
] as const;

export const twentyMinutes = 20 * 60_000;
export const twoHours = 2 * 60 * 60_000;
