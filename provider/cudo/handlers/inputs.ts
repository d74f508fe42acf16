/** Questions that several handlers ask of their inputs. */
import type { CheckFailure, ResourceContext } from "../../server/resource";
import { known } from "../../cloud/inputs";
import type { Unknown } from "../../server/values";
import type { CatalogueContent } from "../catalogue";
import { isCudoError } from "../errors";
import { idProblem } from "../../../sdk/cudo/ids";
import { connectIfKnown, type Connection } from "../connection";

export function checkId(property: string, id: string | Unknown | undefined): CheckFailure[] {
  const value = known(id);
  const reason = value === undefined ? undefined : idProblem(value);
  return reason === undefined ? [] : [{ property, reason }];
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

export const twentyMinutes = 20 * 60_000;
export const twoHours = 2 * 60 * 60_000;
