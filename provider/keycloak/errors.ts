/** What Keycloak answered when it did not do what was asked, and what kind of refusal that is. */
import { ApiError, type ApiErrorInit } from "../cloud/api-error";
import { record, text } from "../cloud/json";
import { plainWords, retryAfter, strangersNotFound } from "../cloud/refusal";

/** `unauthenticated`: the login, or what it gave, was refused. */
export type KeycloakErrorKind =
  "invalid" | "notFound" | "alreadyExists" | "unauthenticated" | "permission" | "rateLimit" | "unavailable";

/** The create-cluster request has this one word for all that goes wrong with the identity provider. */
export class UnexpectedBehavior extends Error {
  override readonly name = "UnexpectedBehavior";

  constructor(reason: string, options?: ErrorOptions) {
    super(`UnexpectedBehavior: ${reason}`, options);
  }
}

/** The same, where Keycloak refused. */
export class KeycloakError extends ApiError<KeycloakErrorKind> {
  override readonly name = "UnexpectedBehavior";

  constructor(init: ApiErrorInit<KeycloakErrorKind>, options?: ErrorOptions) {
    const status = init.httpStatus === undefined ? "no answer" : `HTTP ${init.httpStatus}`;
    const words = init.cloudMessage.replace(/\.$/, "");
    super(
      `UnexpectedBehavior: Keycloak: ${words} (${init.request}: ${status})${hints[init.kind] ?? strangersNotFound(init.httpStatus, init.kind, "keycloak.baseUrl")}`,
      init,
      options,
    );
  }
}

const hints: Partial<Record<KeycloakErrorKind, string>> = {
  unauthenticated: ". Check the provider's keycloak.clientId and clientSecret, or username and password, and realm",
  permission:
    ". Who acts needs the role manage-clients of that realm (of the client realm-management, or <realm>-realm in master)",
};

export function isKeycloakError(error: unknown, ...kinds: KeycloakErrorKind[]): error is KeycloakError {
  return error instanceof KeycloakError && kinds.includes(error.kind as KeycloakErrorKind);
}

/** Keycloak's own errors are JSON of two shapes; what stands before it sends pages. */
export function parseError(request: string, httpStatus: number, headers: Headers, body: string): KeycloakError {
  const json = parsed(body);
  const said = [text(json["error"]), text(json["error_description"]), text(json["errorMessage"])].filter(Boolean);
  return new KeycloakError({
    request,
    httpStatus,
    cloudMessage: said.join(": ") || plainWords(body) || `HTTP ${httpStatus}`,
    retryAfter: retryAfter(headers),
    kind: httpStatus === 404 && said.length === 0 ? "unavailable" : kindOf(httpStatus, text(json["error"])),
  });
}

function kindOf(httpStatus: number, error: string): KeycloakErrorKind {
  // The token endpoint says a wrong password so, and a client that it does not know.
  if (httpStatus === 401 || error === "invalid_grant" || error === "invalid_client" || error === "unauthorized_client")
    return "unauthenticated";
  if (httpStatus === 403) return "permission";
  if (httpStatus === 404) return "notFound";
  if (httpStatus === 409) return "alreadyExists";
  if (httpStatus === 429) return "rateLimit";
  return httpStatus >= 500 || httpStatus === 408 ? "unavailable" : "invalid";
}

function parsed(body: string): Record<string, unknown> {
  try {
    return record(JSON.parse(body));
  } catch {
    return {};
  }
}
