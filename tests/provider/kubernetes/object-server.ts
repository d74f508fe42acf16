/** An API server of one kind, whose objects are in the test's hands. */
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { httpsServer, type HttpsServer } from "./https-server";

export interface ObjectServer extends HttpsServer {
  /** By name; deleting asks for deletion only, as with a finalizer. */
  objects: Map<string, KubernetesObject>;
  /** Methods and paths, with their queries, in order. */
  requests: string[];
  /** Answers 503 instead while it is true. */
  isDown: boolean;
  /** Answers 409 with it to a DELETE, as an admission webhook does. */
  refusal: string | undefined;
}

export const widget = { apiVersion: "example.com/v1", kind: "Widget", namespace: "default", name: "one" };

export function widgetObject(status: object, metadata: object = {}): KubernetesObject {
  const { apiVersion, kind, namespace, name } = widget;
  return { apiVersion, kind, metadata: { name, namespace, uid: "uid-1", generation: 2, ...metadata }, status };
}

export async function objectServer(): Promise<ObjectServer> {
  const objects = new Map<string, KubernetesObject>();
  const requests: string[] = [];
  const server = await httpsServer(({ method = "", url = "" }, response) => {
    const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    requests.push(`${method} ${url}`);
    if (own.isDown) return answer(503, { message: "overloaded" });
    if (url === "/apis/example.com/v1")
      return answer(200, { resources: [{ name: "widgets", kind: "Widget", namespaced: true }] });
    const name = /^\/apis\/example\.com\/v1\/namespaces\/default\/widgets\/([^/?]+)/.exec(url)?.[1] ?? "";
    if (/\/widgets(\?|$)/.test(url)) return answer(200, { items: [...objects.values()] });
    const found = objects.get(name);
    if (found === undefined) return answer(404, { message: "not found", reason: "NotFound" });
    if (method === "DELETE" && own.refusal !== undefined) return answer(409, { message: own.refusal });
    if (method === "DELETE") found.metadata.deletionTimestamp ??= "2026-01-01T00:00:00Z";
    return answer(200, found);
  });
  const own = Object.assign(server, { objects, requests, isDown: false, refusal: undefined as string | undefined });
  return own;
}
