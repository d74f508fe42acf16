/** What kubelet and Prometheus ask. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";

export interface HealthOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  readonly registry: Registry;
  /** True once cluster-autoscaler is answered. */
  isReady(): boolean;
}

export async function serveHealth({ port, host, registry, isReady }: HealthOptions): Promise<Server> {
  const pages: Record<string, () => Promise<[status: number, text: string]>> = {
    "/healthz": async () => [200, "ok\n"],
    "/readyz": async () => (isReady() ? [200, "ok\n"] : [503, "the clouds have not been asked yet\n"]),
    "/metrics": async () => [200, await registry.metrics()],
  };
  const server = createServer((request, response) => {
    const page = pages[request.url ?? ""] ?? (async () => [404, "not found\n"] as const);
    page().then(
      ([status, text]) => response.writeHead(status, { "content-type": registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.listen(port, host);
  await once(server, "listening");
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
