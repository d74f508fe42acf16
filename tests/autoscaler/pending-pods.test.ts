import assert from "node:assert/strict";
import { tellStockOut } from "../../autoscaler/cluster/events";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { httpsServer } from "../provider/kubernetes/https-server";

describe("a node group that does not grow", () => {
  it("is told of to those that wait longest, of as many pods as fit into memory", async () => {
    const pod = (name: string) => ({
      metadata: { name, namespace: "default", creationTimestamp: "2026-11-28T10:00:00Z" },
    });
    const page = (number: number) => ({
      metadata: { continue: String(number + 1) },
      items: Array.from({ length: 100 }, (_, index) => pod(`p-${number}-${index}`)),
    });
    const resources = [
      { name: "pods", kind: "Pod", namespaced: true, verbs: ["list"] },
      { name: "events", kind: "Event", namespaced: true, verbs: ["create"] },
    ];
    let [pages, events] = [0, 0];
    const server = await httpsServer(
      (request, response) => {
        const url = new URL(request.url!, "https://cluster");
        if (request.method === "POST") events++;
        if (url.pathname === "/api/v1/pods" && ++pages > 50) return response.writeHead(500).end("{}");
        const listed = url.pathname === "/api/v1/pods" && page(Number(url.searchParams.get("continue")));
        response.end(JSON.stringify(listed || { kind: "APIResourceList", resources }));
      },
      { ipAddresses: ["127.0.0.1"] },
    );
    try {
      const problem = { kind: "capacity", message: "none left", at: new Date() } as const;
      const stockOut = { group: "gpu", template: undefined, problem };
      await tellStockOut(kubernetesApi(server.kubeconfig), stockOut, new AbortController().signal);
      assert.deepEqual([pages, events], [10, 10]);
    } finally {
      await server.close();
    }
  });
});
