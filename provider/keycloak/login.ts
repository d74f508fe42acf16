/** Access tokens. Keycloak's live a minute by default, so that each is kept for less than it says. */
import { number, object, requiredText } from "../cloud/json";
import { noAnswer, redirection } from "../cloud/no-answer";
import { retrying } from "../cloud/retry";
import { redact } from "../server/redaction";
import { KeycloakError, parseError } from "./errors";
import { keycloakBackoff } from "./account";

const marginMs = 10_000;
const timeoutMs = 30_000;

export interface Login {
  token(signal: AbortSignal): Promise<string>;
  /** The token was refused: the next one is asked for anew. */
  forget(): void;
}

export interface Credentials {
  /** `https://sso.example.com/realms/lab` */
  issuer: string;
  clientId: string;
  clientSecret?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
}

export function keycloakLogin(credentials: Credentials): Login {
  let kept: { token: string; until: number } | undefined;
  return {
    async token(signal) {
      if (kept !== undefined && kept.until > Date.now()) return kept.token;
      const kinds = ["unavailable", "rateLimit"] as const;
      const answer = await retrying(() => ask(credentials, signal), { kinds, backoff: keycloakBackoff, signal });
      kept = { token: answer.token, until: Date.now() + answer.seconds * 1000 - marginMs };
      return answer.token;
    },
    forget: () => (kept = undefined),
  };
}

async function ask(
  { issuer, clientId, clientSecret, username, password }: Credentials,
  signal: AbortSignal,
): Promise<{ token: string; seconds: number }> {
  const url = `${issuer}/protocol/openid-connect/token`;
  const request = `POST ${new URL(url).pathname}`;
  const secrets = [clientSecret, password].filter((secret) => secret !== undefined);
  const form = new URLSearchParams({
    client_id: clientId,
    ...(clientSecret !== undefined && { client_secret: clientSecret }),
    ...(username === undefined || password === undefined
      ? { grant_type: "client_credentials" }
      : { grant_type: "password", username, password }),
  });
  let response: Response;
  let body: string;
  try {
    response = await fetch(url, {
      method: "POST",
      body: form,
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    body = await response.text();
  } catch (error) {
    signal.throwIfAborted();
    const cloudMessage = redact(noAnswer(error, url), secrets);
    throw new KeycloakError({ request, kind: "unavailable", cloudMessage }, { cause: error });
  }
  if (!response.ok) throw refused(request, issuer, response, redact(body, secrets));
  try {
    const answer = object(JSON.parse(body), "the answer");
    return { token: requiredText(answer, "access_token"), seconds: number(answer["expires_in"]) };
  } catch (error) {
    const cloudMessage = "the answer has no access token: is that the address of a Keycloak?";
    throw new KeycloakError({ request, httpStatus: response.status, kind: "invalid", cloudMessage }, { cause: error });
  }
}

/** Where there is no such realm, it is the login's, or the address is none of a Keycloak: not the realm that is worked on. */
function refused(request: string, issuer: string, response: Response, body: string): KeycloakError {
  if (response.status !== 404)
    return parseError(request, response.status, response.headers, redirection(response) ?? body);
  const cloudMessage = `there is no realm to log in to at ${issuer}: check its name, and the address (of an old Keycloak it ends in /auth)`;
  return new KeycloakError({ request, httpStatus: 404, kind: "invalid", cloudMessage });
}
