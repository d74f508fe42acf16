/** As much of an API server as what registers a cluster asks for: objects are kept, and lists are as they are given. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { httpsServer, type HttpsServer } from "./https-server";

const resources = {
  "/api/v1": [
    { name: "configmaps", kind: "ConfigMap", namespaced: true },
    { name: "nodes", kind: "Node", namespaced: false },
    { name: "pods", kind: "Pod", namespaced: true },
    { name: "services", kind: "Service", namespaced: true },
    { name: "secrets", kind: "Secret", namespaced: true },
    { name: "namespaces", kind: "Namespace", namespaced: false },
    { name: "persistentvolumes", kind: "PersistentVolume", namespaced: false },
  ],
  "/apis/apps/v1": [{ name: "deployments", kind: "Deployment", namespaced: true }],
  "/apis/example.com/v1": [{ name: "widgets", kind: "Widget", namespaced: false }],
  "/apis/management.loft.sh/v1": [{ name: "nodeclaims", kind: "NodeClaim", namespaced: true }],
  "/apis/metal3.io/v1alpha1": [{ name: "baremetalhosts", kind: "BareMetalHost", namespaced: true }],
  "/apis/resource.k8s.io/v1": [{ name: "deviceclasses", kind: "DeviceClass", namespaced: false }],
};

export interface MemoryCluster extends HttpsServer {
  /** By their paths. */
  readonly objects: Map<string, KubernetesObject>;
  /** What lists have, by their paths. */
  readonly lists: Map<string, object[]>;
  /** Answers 503 while it is true. */
  isDown: boolean;
}

export async function memoryCluster(): Promise<MemoryCluster> {
  const objects = new Map<string, KubernetesObject>();
  const lists = new Map<string, object[]>([
    ["/api/v1/nodes", [{ metadata: { name: "system" }, spec: { providerID: "aws:///z/i" } }]],
    ["/api/v1/persistentvolumes", []],
    ["/api/v1/pods", []],
    ["/api/v1/namespaces/kube-system/pods", []],
    ["/api/v1/services", []],
    ["/api/v1/namespaces/tenants/secrets", []],
    ["/apis/management.loft.sh/v1/nodeclaims", []],
    ["/apis/metal3.io/v1alpha1/namespaces/metal3/baremetalhosts", []],
    ["/apis/resource.k8s.io/v1/deviceclasses", []],
  ]);
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url!.split("?")[0]!;
    const say = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    if (cluster.isDown) return say(503, { message: "overloaded" });
    const fixed: Record<string, object> = {
      "/readyz": {},
      "/version": { gitVersion: "v1.37.0" },
      "/apis": { groups: [{ versions: [{ groupVersion: "resource.k8s.io/v1" }] }] },
      ...Object.fromEntries(Object.entries(resources).map(([root, list]) => [root, { resources: list }])),
      ...Object.fromEntries([...lists].map(([root, items]) => [root, { items }])),
    };
    if (fixed[path]) return say(200, fixed[path]);
    if (request.method === "POST") {
      const made = JSON.parse(await text(request)) as KubernetesObject;
      const place = `${path}/${made.metadata.name}`;
      if (objects.has(place)) return say(409, { reason: "AlreadyExists" });
      objects.set(place, made);
      return say(201, made);
    }
    const found = objects.get(path);
    if (found === undefined) return say(404, { reason: "NotFound" });
    if (request.method === "DELETE") objects.delete(path);
    return say(200, found);
  };
  const server = await httpsServer((request, response) => void answer(request, response), {
    ipAddresses: ["127.0.0.1"],
  });
  const cluster = Object.assign(server, { objects, lists, isDown: false });
  return cluster;
}
