/** Keycloak's Admin REST interface, and its logins without people: the calls that are used, with the answers that Keycloak 26.4 gave to them. */
import { randomUUID } from "node:crypto";

type Client = Record<string, unknown> & { id: string; clientId: string };

export interface KeycloakAnswer {
  status: number;
  json?: unknown;
}

export interface KeycloakRequest {
  method: string;
  /** Path and query. */
  url: string;
  /** What stands before the path, `http://127.0.0.1:8080`. */
  base: string;
  authorization: string | undefined;
  body: string;
}

/** One with the realms `master` and `lab`, in memory. */
export class Keycloak {
  static readonly realm = "lab";
  private readonly realms = new Map<string, Client[]>([
    ["master", []],
    [Keycloak.realm, []],
  ]);
  private readonly valid = new Set<string>();

  /** Keycloak's own setting `hostname`: where people reach it. Undefined: wherever a request comes to. */
  hostname: string | undefined;

  /** Who is logged in may look at clients alone, and since 26.8 sees no secret then. */
  onlyViews = false;

  constructor(readonly admin: { username: string; password: string }) {}

  /** Nobody is logged in any more. */
  forgetSessions(): void {
    this.valid.clear();
  }

  answer({ method, url, base, authorization, body }: KeycloakRequest): KeycloakAnswer {
    const { pathname, searchParams } = new URL(url, "http://keycloak");
    const login = /^\/realms\/([^/]+)\/protocol\/openid-connect\/token$/.exec(pathname);
    if (login) return this.logIn(decodeURIComponent(login[1]!), new URLSearchParams(body));
    const described = /^\/realms\/([^/]+)\/\.well-known\/openid-configuration$/.exec(pathname);
    if (described) return this.describe(decodeURIComponent(described[1]!), this.hostname ?? base);
    if (/^\/admin\/realms\/[^/]+\/authentication\/flows$/.test(pathname)) return { status: 200, json: flows };
    const place = /^\/admin\/realms\/([^/]+)\/clients(?:\/([^/]+))?$/.exec(pathname);
    if (!place) return { status: 404, json: { error: "Unable to find matching target resource method" } };
    if (!this.valid.has(authorization ?? "")) return { status: 401, json: { error: "HTTP 401 Unauthorized" } };
    const clients = this.realms.get(decodeURIComponent(place[1]!));
    if (!clients) return { status: 404, json: { error: "Realm not found." } };
    const given = body === "" ? {} : (JSON.parse(body) as Partial<Client>);
    const uuid = place[2];
    if (this.onlyViews && method !== "GET") return { status: 403, json: { error: "HTTP 403 Forbidden" } };
    if (uuid === undefined) {
      if (method !== "GET") return create(clients, given);
      const found = clients.filter(({ clientId }) => clientId === searchParams.get("clientId"));
      return { status: 200, json: this.onlyViews ? found.map(masked) : found };
    }
    const found = clients.find(({ id }) => id === uuid);
    if (!found) return { status: 404, json: { error: "Could not find client" } };
    if (method === "DELETE") clients.splice(clients.indexOf(found), 1);
    else Object.assign(found, given, { authenticationFlowBindingOverrides: overridesOf(given, found) });
    return { status: 204 };
  }

  /** Of some forty fields the one that is read. Reference: OpenID Connect Discovery 1.0, section 4. */
  private describe(realm: string, base: string): KeycloakAnswer {
    if (!this.realms.has(realm)) return { status: 404, json: { error: "Realm does not exist" } };
    return { status: 200, json: { issuer: `${base}/realms/${encodeURIComponent(realm)}` } };
  }

  private logIn(realm: string, form: URLSearchParams): KeycloakAnswer {
    const { admin } = this;
    const clients = this.realms.get(realm);
    if (!clients) return { status: 404, json: { error: "Realm does not exist" } };
    const isAdmin = form.get("username") === admin.username && form.get("password") === admin.password;
    if (form.get("grant_type") === "password" && !isAdmin)
      return { status: 401, json: { error: "invalid_grant", error_description: "Invalid user credentials" } };
    if (form.get("grant_type") === "client_credentials") {
      const { enabled, serviceAccountsEnabled, secret } =
        clients.find(({ clientId }) => clientId === form.get("client_id")) ?? ({} as Partial<Client>);
      if (!enabled || !serviceAccountsEnabled || secret !== form.get("client_secret"))
        return { status: 401, json: { error: "unauthorized_client" } };
    }
    const token = randomUUID();
    if (isAdmin) this.valid.add(`Bearer ${token}`);
    return { status: 200, json: { access_token: token, expires_in: 60 } };
  }
}

/** What each realm has from the beginning, as far as it is asked for. */
const flows = [
  { id: "0d5f1c1e-6a53-4d53-9d3c-0f6f3a0a6c11", alias: "browser" },
  { id: "5b8e3b7a-2f0c-4f27-8a49-7f1f1d1f9a22", alias: "direct grant" },
];

/** Those that are not named stay; an empty text takes one away. Reference: Keycloak, RepresentationToModel.updateClientProperties. */
function overridesOf(given: Partial<Client>, before?: Client): object {
  const overrides = { ...Object(before?.["authenticationFlowBindingOverrides"]) } as object;
  const all = { ...overrides, ...Object(given["authenticationFlowBindingOverrides"]) } as object;
  return Object.fromEntries(Object.entries(all).filter(([, flow]) => flow !== ""));
}

function masked(client: Client): Client {
  return client["secret"] === undefined ? client : { ...client, secret: "**********" };
}

function create(clients: Client[], given: Partial<Client>): KeycloakAnswer {
  if (clients.some(({ clientId }) => clientId === given.clientId))
    return { status: 409, json: { errorMessage: `Client ${given.clientId} already exists` } };
  const defaults = { enabled: true, redirectUris: [], publicClient: false, standardFlowEnabled: true };
  const rest = { serviceAccountsEnabled: false, attributes: {}, secret: randomUUID().replaceAll("-", "") };
  const authenticationFlowBindingOverrides = overridesOf(given);
  const id = randomUUID();
  clients.push({ ...defaults, ...rest, ...given, authenticationFlowBindingOverrides, id, clientId: given.clientId! });
  return { status: 201 };
}
