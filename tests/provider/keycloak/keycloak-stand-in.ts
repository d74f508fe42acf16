/**
 * A stand-in for Keycloak: the calls that are used, with the answers that Keycloak 26.4 gave to them. `contract.ts` runs against both, against
 * the real one in `npm run test:e2e`.
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Keycloak } from "./contract";

type Client = Record<string, unknown> & { id: string; clientId: string };
interface Answer {
  status: number;
  json?: unknown;
}

/** What is done to a request: it never arrives, its answer is lost, or a status is answered in its place. */
export type Fault = "drop" | "lose-answer" | number;

export interface KeycloakStandIn extends Keycloak {
  readonly requests: string[];
  /** Asked for each request of the Admin REST interface. */
  fault: (request: string, index: number) => Fault | undefined;
  /** Nobody is logged in any more. */
  forgetSessions(): void;
}

const admin = { username: "admin", password: "admin-password-1" };

export async function keycloakStandIn(): Promise<KeycloakStandIn> {
  const realms = new Map<string, Client[]>([
    ["master", []],
    ["lab", []],
  ]);
  const valid = new Set<string>();
  const standIn = { requests: [] as string[], fault: (() => undefined) as KeycloakStandIn["fault"] };

  const server = createServer((incoming, response) => {
    void read(incoming).then((body) => {
      const { method = "", url = "" } = incoming;
      const request = `${method} ${url}`;
      const fault = url.startsWith("/admin/") ? standIn.fault(request, standIn.requests.length) : undefined;
      standIn.requests.push(request);
      if (fault === "drop") return void response.destroy();
      const { status, json } =
        typeof fault === "number" ? { status: fault } : answer(request, incoming.headers.authorization, body);
      if (fault === "lose-answer") return void response.destroy();
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(json === undefined ? "" : JSON.stringify(json));
    });
  });

  function answer(request: string, authorization: string | undefined, body: string): Answer {
    const [method, url] = request.split(" ") as [string, string];
    const { pathname, searchParams } = new URL(url, "http://keycloak");
    const login = /^\/realms\/([^/]+)\/protocol\/openid-connect\/token$/.exec(pathname);
    if (login) return logIn(decodeURIComponent(login[1]!), new URLSearchParams(body));
    const place = /^\/admin\/realms\/([^/]+)\/clients(?:\/([^/]+))?$/.exec(pathname);
    if (!place) return { status: 404, json: { error: "Unable to find matching target resource method" } };
    if (!valid.has(authorization ?? "")) return { status: 401, json: { error: "HTTP 401 Unauthorized" } };
    const clients = realms.get(decodeURIComponent(place[1]!));
    if (!clients) return { status: 404, json: { error: "Realm not found." } };
    const given = body === "" ? {} : (JSON.parse(body) as Partial<Client>);
    const uuid = place[2];
    if (uuid === undefined) {
      if (method === "GET")
        return { status: 200, json: clients.filter(({ clientId }) => clientId === searchParams.get("clientId")) };
      return create(clients, given);
    }
    const found = clients.find(({ id }) => id === uuid);
    if (!found) return { status: 404, json: { error: "Could not find client" } };
    if (method === "DELETE") clients.splice(clients.indexOf(found), 1);
    else Object.assign(found, given);
    return { status: 204 };
  }

  function create(clients: Client[], given: Partial<Client>): Answer {
    if (clients.some(({ clientId }) => clientId === given.clientId))
      return { status: 409, json: { errorMessage: `Client ${given.clientId} already exists` } };
    const defaults = { enabled: true, redirectUris: [], publicClient: false, standardFlowEnabled: true };
    const rest = { serviceAccountsEnabled: false, attributes: {}, secret: randomUUID().replaceAll("-", "") };
    clients.push({ ...defaults, ...rest, ...given, id: randomUUID(), clientId: given.clientId! });
    return { status: 201 };
  }

  function logIn(realm: string, form: URLSearchParams): Answer {
    const clients = realms.get(realm);
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
    if (isAdmin) valid.add(`Bearer ${token}`);
    return { status: 200, json: { access_token: token, expires_in: 60 } };
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(standIn, {
    baseUrl,
    realm: "lab",
    admin,
    forgetSessions: () => valid.clear(),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

function read(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => incoming.on("end", () => resolve(Buffer.concat(chunks).toString("utf8"))));
}
