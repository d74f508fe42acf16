/** As much of a Kubernetes API server as our resources need: nodes, and Secrets for bootstrap tokens. HTTPS on loopback. */
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { issueCertificate, makeAuthority } from "../../../provider/kubernetes/certificates";
import { renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import type { Identity } from "../server/harness/http-gate";

export interface FakeNode {
  metadata: { name: string; labels: Record<string, string> };
  status?: object;
  spec: { unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] };
}

export interface FakeApiServer {
  readonly endpoint: string;
  readonly identity: Identity;
  readonly kubeconfig: string;
  /** For a gate before it. */
  kubeconfigAt(endpoint: string): string;
  readonly nodes: Map<string, FakeNode>;
  /** `id.secret` of the tokens made. */
  readonly tokens: string[];
  /** Hours that each was made for. */
  readonly tokenHours: number[];
  /** `PATCH nodes/a`, in order, reads left out. */
  readonly writes: string[];
  join(name: string, labels?: Record<string, string>): void;
  close(): Promise<void>;
}

export async function fakeApiServer(): Promise<FakeApiServer> {
  const ca = await makeAuthority("kubernetes");
  const ipAddresses = ["127.0.0.1"];
  const server = await issueCertificate(ca, { commonName: "api", ipAddresses, usages: ["server"], validForHours: 1 });
  const organizations = ["kubeadm:cluster-admins"];
  const who = { commonName: "admin", organizations, usages: ["client"] as const, validForHours: 1 };
  const admin = await issueCertificate(ca, who);
  const nodes = new Map<string, FakeNode>();
  const tokens: string[] = [];
  const tokenHours: number[] = [];
  const writes: string[] = [];

  const answer = (method: string, path: string, body: string): [number, unknown] => {
    if (path === "/api/v1") {
      const resources = [
        { name: "nodes", kind: "Node", namespaced: false },
        { name: "secrets", kind: "Secret", namespaced: true },
      ];
      return [200, { resources }];
    }
    if (path === "/readyz") return [200, "ok"];
    if (path === "/version") return [200, { gitVersion: "v1.37.0" }];
    if (path === "/apis/authorization.k8s.io/v1") {
      return [200, { resources: [{ name: "selfsubjectaccessreviews", kind: "SelfSubjectAccessReview" }] }];
    }
    if (path.endsWith("/selfsubjectaccessreviews")) return [201, { status: { allowed: true } }];
    const name = /^\/api\/v1\/nodes\/(.+)$/.exec(path)?.[1];
    if (method !== "GET") writes.push(`${method} ${path.replace("/api/v1/", "")}`);
    if (method === "POST" && path.endsWith("/secrets")) {
      const secret = JSON.parse(body) as { stringData: Record<string, string> };
      tokens.push(`${secret.stringData["token-id"]}.${secret.stringData["token-secret"]}`);
      tokenHours.push((Date.parse(secret.stringData["expiration"]!) - Date.now()) / 3_600_000);
      return [201, secret];
    }
    if (method === "GET" && path === "/api/v1/nodes") return [200, { items: [...nodes.values()] }];
    const node = name === undefined ? undefined : nodes.get(name);
    if (!node) return [404, { message: `nodes "${name}" not found`, reason: "NotFound" }];
    if (method === "DELETE") nodes.delete(name!);
    if (method === "PATCH") nodes.set(name!, merged(node, JSON.parse(body)) as FakeNode);
    return [200, nodes.get(name!) ?? {}];
  };

  const https = createServer({ key: server.privateKey, cert: server.certificate }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = new URL(request.url ?? "", "https://x").pathname;
      const [status, json] = answer(request.method ?? "", path, Buffer.concat(chunks).toString("utf8"));
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    });
  });
  await new Promise<void>((resolve) => https.listen(0, "127.0.0.1", resolve));
  const endpoint = `https://127.0.0.1:${(https.address() as AddressInfo).port}`;
  const kubeconfigAt = (endpoint: string) =>
    renderKubeconfig({
      clusterName: "fake",
      endpoint,
      certificateAuthority: ca.certificate,
      credentials: { clientCertificate: admin.certificate, clientKey: admin.privateKey },
    });
  return {
    endpoint,
    identity: { ...server, certificateAuthority: ca.certificate },
    kubeconfig: kubeconfigAt(endpoint),
    kubeconfigAt,
    nodes,
    tokens,
    tokenHours,
    writes,
    join: (name, labels = {}) => void nodes.set(name, { metadata: { name, labels }, spec: {} }),
    close: () =>
      new Promise((resolve) => {
        https.close(() => resolve());
        https.closeAllConnections();
      }),
  };
}

/** JSON merge patch (RFC 7396). */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = typeof target === "object" && target !== null ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}
