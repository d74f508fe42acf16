import type { Backoff } from "../cloud/retry";

export interface KeycloakAccount {
  /** Without a slash at its end. */
  baseUrl: string;
  realm: string;
  clientId: string;
  clientSecret: string | undefined;
  username: string | undefined;
  password: string | undefined;
}

/** About ten seconds in all: a person is waiting, and no machine was bought yet. */
export const keycloakBackoff: Backoff = { retries: 5, firstMs: 250, factor: 2, longestMs: 4_000 };
