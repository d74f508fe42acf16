import type { CheckFailure, ProviderConfig, ResourceContext } from "../server/resource";

/** What a check is given: all that the cloud offers now, and the way to ask for more. */
export type CatalogueCheck<Content, Connection> = (
  catalogue: Content,
  connection: Connection,
) => CheckFailure[] | Promise<CheckFailure[]>;

/**
 * Makes the function that asks a cloud's catalogue, unless the credentials are not known yet.
 * @param refusal what a refusal of the credentials says of the provider's configuration; undefined for other errors, which are thrown
 */
export function catalogueChecker<
  Content,
  Connection extends { readonly catalogue: { read(signal: AbortSignal): Promise<Content> } },
>(
  connectIfKnown: (config: ProviderConfig) => Connection | undefined,
  refusal: (error: unknown, connection: Connection) => CheckFailure | undefined,
) {
  return async (
    { config, signal }: ResourceContext,
    check: CatalogueCheck<Content, Connection>,
  ): Promise<CheckFailure[]> => {
    const connection = connectIfKnown(config);
    if (!connection) return [];
    try {
      return await check(await connection.catalogue.read(signal), connection);
    } catch (error) {
      const failure = refusal(error, connection);
      if (!failure) throw error;
      return [failure];
    }
  };
}
