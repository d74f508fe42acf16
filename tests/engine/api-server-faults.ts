/** A proxy before a cluster's API server, as its administrator, that fails each request for objects once. */
import { once } from "node:events";
import { request as send } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { httpsServer } from "../provider/kubernetes/https-server";

/** What becomes of a request: never sent on, done without an answer, or answered with an error before it has an effect. */
const apiFaults = ["unsent", "unanswered", "500"] as const;

export interface ApiServerFaults {
  /** For those who are to meet the faults. */
  kubeconfig: string;
  /** From now on each request of a kind that was not made before fails once, one after the other in another way; or none does. */
  arm(isOn: boolean): void;
  /** Requests that failed since, as `POST /api/v1/namespaces`. */
  readonly struck: ReadonlySet<string>;
  close(): Promise<void>;
}

export async function apiServerFaults(kubeconfig: string): Promise<ApiServerFaults> {
  const { endpoint, certificateAuthority, tlsServerName, credentials } = parseKubeconfig(kubeconfig);
  if (credentials.kind !== "certificate") throw new Error("the administrator has a certificate");
  const identity = { ca: certificateAuthority, cert: credentials.clientCertificate, key: credentials.clientKey };
  const struck = new Set<string>();
  let armed = false;

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    // Revisions of a Helm release are of a kind: each try makes another, of which none would ever be noted.
    const kind = `${method} ${url.split("?")[0]!.replace(/(\/sh\.helm\.release\.v1\..+)\.v\d+$/, "$1")}`;
    // What an API server has, clients ask it again and again, and hold what it said before.
    const fault =
      armed && isOfObjects(url) && !struck.has(kind) ? apiFaults[struck.size % apiFaults.length] : undefined;
    if (fault) struck.add(kind);
    if (fault === "unsent") return void response.destroy();
    if (fault === "500") {
      const status = { kind: "Status", apiVersion: "v1", status: "Failure", message: "etcd has no leader", code: 500 };
      return void response.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify(status));
    }
    const server = tlsServerName === undefined ? {} : { servername: tlsServerName };
    const forwarded = send(new URL(url, endpoint), { method, headers, ...identity, ...server });
    forwarded.once("error", () => response.destroy());
    response.once("close", () => forwarded.destroy());
    request.pipe(forwarded);
    const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
    if (fault === "unanswered") return void response.destroy();
    response.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(response);
  }

  const front = await httpsServer((request, response) => void pass(request, response).catch(() => response.destroy()), {
    ipAddresses: ["127.0.0.1"],
  });
  return {
    kubeconfig: front.kubeconfig,
    arm(isOn) {
      armed = isOn;
      struck.clear();
    },
    struck,
    close: () => front.close(),
  };
}

/** Not discovery, health or descriptions. */
function isOfObjects(url: string): boolean {
  return /^\/(api\/v1|apis\/[^/?]+\/[^/?]+)\/\w/.test(url);
}
