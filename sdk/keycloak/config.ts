/** The provider's configuration for Keycloak. */
import { unsafeUrlProblem } from "../safe-url";
import { realmProblem } from "./checks";

/**
 * How to reach Keycloak, and who acts there: either a client with a service account (`clientId`, `clientSecret`), or a user (`username`,
 * `password`). It needs the role `manage-clients` in the realms whose clients it makes, and no other.
 * @providerConfig keycloak
 */
export interface KeycloakProviderConfig {
  /** For example `https://sso.example.com`, without `/realms`. Default: the environment's `KEYCLOAK_URL`. */
  baseUrl?: string;
  /** Realm that it logs in to. Default: the environment's `KEYCLOAK_REALM`, else `master`. */
  realm?: string;
  /** Default: the environment's `KEYCLOAK_CLIENT_ID`, else `admin-cli`. */
  clientId?: string;
  /**
   * Default: the environment's `KEYCLOAK_CLIENT_SECRET`.
   * @secret
   */
  clientSecret?: string;
  /** Default: the environment's `KEYCLOAK_USER`. */
  username?: string;
  /**
   * Default: the environment's `KEYCLOAK_PASSWORD`.
   * @secret
   */
  password?: string;
}

type Field = keyof KeycloakProviderConfig;

const variables: Readonly<Record<Field, string>> = {
  baseUrl: "KEYCLOAK_URL",
  realm: "KEYCLOAK_REALM",
  clientId: "KEYCLOAK_CLIENT_ID",
  clientSecret: "KEYCLOAK_CLIENT_SECRET",
  username: "KEYCLOAK_USER",
  password: "KEYCLOAK_PASSWORD",
};
const defaults: Partial<Record<Field, string>> = { realm: "master", clientId: "admin-cli" };

/**
 * Fills defaults from the environment and checks what is known. What is missing is no failure here: a program without Keycloak needs none.
 * `given` may hold unknown values, which pass through.
 */
export function checkKeycloakConfig<T>(
  given: Partial<Record<Field, T>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { config: Record<Field, T | string | undefined>; failures: { property: string; reason: string }[] } {
  const fields = Object.keys(variables) as Field[];
  const config = Object.fromEntries(
    fields.map((field) => [field, given[field] ?? (environment[variables[field]]?.trim() || defaults[field])]),
  ) as Record<Field, T | string | undefined>;
  const failures = (
    [
      ["baseUrl", wrongBaseUrl],
      ["realm", realmProblem],
    ] as const
  ).flatMap(([field, problemOf]) => {
    const value = config[field];
    const reason = typeof value === "string" ? problemOf(value) : undefined;
    return reason === undefined ? [] : [{ property: `keycloak.${field}`, reason }];
  });
  return { config, failures };
}

function wrongBaseUrl(baseUrl: string): string | undefined {
  const unsafe = unsafeUrlProblem(baseUrl, "https://sso.example.com");
  if (unsafe !== undefined) return unsafe;
  const { pathname, search, hash } = new URL(baseUrl);
  return /\/(realms|admin)(\/|$)/.test(pathname) || search + hash !== ""
    ? `"${baseUrl}" must be Keycloak's own URL, without what follows it: https://sso.example.com, or https://sso.example.com/auth of an old one`
    : undefined;
}

/** What is missing to log in, by the user's own fields. */
export function missingKeycloakConfig(
  config: Readonly<Record<Field, unknown>>,
): { property: string; reason: string }[] {
  const user = config.username !== undefined || config.password !== undefined;
  const needed: Field[] = ["baseUrl", ...(user ? (["username", "password"] as const) : (["clientSecret"] as const))];
  return needed
    .filter((field) => typeof config[field] !== "string")
    .map((field) => ({
      property: `keycloak.${field}`,
      reason: `is missing: set it in the provider's configuration, or ${variables[field]} in the environment`,
    }));
}
