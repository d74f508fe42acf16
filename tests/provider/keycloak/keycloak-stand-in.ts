/** The simulator's Keycloak, which can be disturbed. `contract.ts` runs against it, and against a real one in `npm run test:e2e`. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Keycloak as SimulatedKeycloak } from "../../../simulator/services/keycloak";
import type { Keycloak } from "./contract";

/** What is done to a request: it never arrives, its answer is lost, or a status is answered in its place. */
export type Fault = "drop" | "lose-answer" | number;

export interface KeycloakStandIn extends Keycloak {
  readonly requests: string[];
  /** Asked for each request but those that log in. */
  fault: (request: string, index: number) => Fault | undefined;
  /** Nobody is logged in any more. */
  forgetSessions(): void;
  /** Keycloak's own setting: people reach it elsewhere than who acts here. */
  setHostname(hostname: string): void;
  /** Who acts may look at clients alone. */
  onlyView(): void;
}

export async function keycloakStandIn(): Promise<KeycloakStandIn> {
  const keycloak = new SimulatedKeycloak({ username: "admin", password: "admin-password-1" });
  const standIn = { requests: [] as string[], fault: (() => undefined) as KeycloakStandIn["fault"] };

  const server = createServer((incoming, response) => {
    void read(incoming).then((body) => {
      const { method = "", url = "", headers } = incoming;
      const request = `${method} ${url}`;
      const isLogin = url.endsWith("/token");
      const fault = !isLogin ? standIn.fault(request, standIn.requests.length) : undefined;
      standIn.requests.push(request);
      if (fault === "drop") return void response.destroy();
      const { status, json } =
        typeof fault === "number"
          ? { status: fault }
          : keycloak.answer({
              method,
              url,
              base: `http://${headers.host}`,
              authorization: headers.authorization,
              body,
            });
      if (fault === "lose-answer") return void response.destroy();
      response
        .writeHead(status, { "content-type": "application/json" })
        .end(json === undefined ? "" : JSON.stringify(json));
    });
  });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(standIn, {
    baseUrl,
    realm: SimulatedKeycloak.realm,
    admin: keycloak.admin,
    forgetSessions: () => keycloak.forgetSessions(),
    setHostname: (hostname: string) => void (keycloak.hostname = hostname),
    onlyView: () => void (keycloak.onlyViews = true),
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
