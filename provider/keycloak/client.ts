/** The part of Keycloak's Admin REST interface that is used. Reference: Keycloak, "Admin REST API", Clients. */
import { createTransport, type Call, type TransportErrors } from "../cloud/http";
import { objects, record, requiredText, text, texts, type Json } from "../cloud/json";
import { isKeycloakError, KeycloakError, parseError } from "./errors";
import { keycloakBackoff, type KeycloakAccount } from "./account";
import { keycloakLogin } from "./login";

const timeoutMs = 30_000;

/** A client as Keycloak has it. */
export interface FoundClient {
  /** Keycloak's own id, which paths are made of. */
  uuid: string;
  name: string;
  redirectUris: string[];
  /** Undefined for a public client, and where it is hidden. */
  secret: string | undefined;
  /** It has a secret, which who acts may not see. */
  hidesSecret: boolean;
  attributes: Readonly<Record<string, string>>;
  enabled: boolean;
  /** All that Keycloak sent: a change sends it back with ours over it. */
  whole: Json;
}

export interface KeycloakApi {
  readonly baseUrl: string;
  /**
   * The realm's address as people and applications have it, which the setting `hostname` of Keycloak makes another than ours.
   * Reference: OpenID Connect Discovery 1.0, section 4.
   */
  issuer(realm: string, signal: AbortSignal): Promise<string>;
  /** Undefined when the realm has none of this id. */
  find(realm: string, clientId: string, signal: AbortSignal): Promise<FoundClient | undefined>;
  /** Sent once: where the outcome is unknown, nobody but a look tells. */
  create(realm: string, client: Json, signal: AbortSignal): Promise<void>;
  update(realm: string, uuid: string, client: Json, signal: AbortSignal): Promise<void>;
  /** Already gone is success. */
  delete(realm: string, uuid: string, signal: AbortSignal): Promise<void>;
}

const errors: TransportErrors = {
  unavailable: (failure, options) => new KeycloakError({ ...failure, kind: "unavailable" }, options),
  refusal: parseError,
};

export function createKeycloakClient(account: KeycloakAccount): KeycloakApi {
  const { baseUrl } = account;
  const login = keycloakLogin({ ...account, issuer: `${baseUrl}/realms/${encodeURIComponent(account.realm)}` });
  const clients = (realm: string, uuid = "") =>
    `/admin/realms/${encodeURIComponent(realm)}/clients${uuid && `/${encodeURIComponent(uuid)}`}`;

  async function call<T>(
    method: string,
    path: string,
    signal: AbortSignal,
    options: Call = {},
    read?: (json: unknown) => T,
  ): Promise<T> {
    const send = (apiKey: string) =>
      createTransport({ baseUrl, apiKey, backoff: keycloakBackoff, timeoutMs, errors })(
        method,
        path,
        signal,
        options,
        read,
      );
    const token = await login.token(signal);
    return send(token).catch(async (error: unknown) => {
      // Sessions end when somebody logs them out, and with a restart.
      if (!isKeycloakError(error, "unauthenticated")) throw error;
      login.forget();
      return send(await login.token(signal));
    });
  }
  const body = (client: Json): Call => ({ body: client, secrets: [text(client["secret"]) || undefined] });

  return {
    baseUrl,
    async issuer(realm, signal) {
      const path = `/realms/${encodeURIComponent(realm)}`;
      const described = `${path}/.well-known/openid-configuration`;
      // A proxy may let nothing through but what administers.
      const read = (json: unknown) => requiredText(record(json), "issuer");
      const said = await call<string | undefined>("GET", described, signal, { optional: true }, read);
      return said ?? `${baseUrl}${path}`;
    },
    async find(realm, clientId, signal) {
      const found = await call("GET", clients(realm), signal, { query: { clientId } }, (json) =>
        objects(json, "the answer").map(decode),
      );
      return found.find(({ whole }) => whole["clientId"] === clientId);
    },
    create: (realm, client, signal) => call("POST", clients(realm), signal, { ...body(client), safety: "once" }),
    update: (realm, uuid, client, signal) => call("PUT", clients(realm, uuid), signal, body(client)),
    async delete(realm, uuid, signal) {
      await call("DELETE", clients(realm, uuid), signal).catch((error: unknown) => {
        if (!isKeycloakError(error, "notFound")) throw error;
      });
    },
  };
}

/** In a secret's place for who may look at clients and not manage them, since 26.8. Reference: keycloak#49220. */
const mask = "**********";

function decode(json: Json): FoundClient {
  const hidesSecret = json["secret"] === mask;
  const attributes = Object.entries(record(json["attributes"])).map(([key, value]) => [key, text(value)]);
  return {
    uuid: requiredText(json, "id"),
    name: text(json["name"]),
    redirectUris: texts(json["redirectUris"]),
    secret: hidesSecret ? undefined : text(json["secret"]) || undefined,
    hidesSecret,
    attributes: Object.fromEntries(attributes) as Record<string, string>,
    enabled: json["enabled"] !== false,
    whole: json,
  };
}
