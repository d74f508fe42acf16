/** In the place of slurmrestd: Slurm's nodes are the pods that are ready, and all that is kept of them is whether they are drained, and busy. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

interface Update {
  state?: string[];
  reason?: string;
}

export interface SlurmRestApi {
  /** An HTTP proxy, by which the operator finds it under the name that it has in the cluster. */
  readonly proxy: string;
  /** Names of the nodes that jobs run on. */
  readonly busy: Set<string>;
  /** Names of those that take no further jobs. */
  drained(): string[];
  close(): Promise<void>;
}

/** @param registered names of the nodes whose daemon runs now */
export async function slurmRestApi(registered: () => Promise<string[]>): Promise<SlurmRestApi> {
  const reasons = new Map<string, string>();
  const busy = new Set<string>();
  const node = (name: string) => ({
    name,
    state: [busy.has(name) ? "ALLOCATED" : "IDLE", ...(reasons.has(name) ? ["DRAIN"] : [])],
    reason: reasons.get(name) ?? "",
  });
  const number = { set: true, infinite: false, number: 1 };
  const take = (name: string, { state = [], reason = "" }: Update) => {
    if (state.includes("DRAIN")) reasons.set(name, reason);
    if (state.includes("UNDRAIN")) reasons.delete(name);
  };
  const answer = async (method: string, path: string, body: string): Promise<object | undefined> => {
    const [, kind, name = ""] = /^\/slurm\/v0\.0\.\d+\/(nodes?|jobs?)\/([^/]*)/.exec(path) ?? [];
    if (kind === undefined) return undefined;
    if (kind.startsWith("job")) return { jobs: [], last_backfill: number, last_update: number };
    const names = await registered();
    if (name !== "" && !names.includes(name)) return undefined;
    if (method === "POST") take(name, JSON.parse(body) as Update);
    return { nodes: (name === "" ? names : [name]).map(node), last_update: number };
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { pathname } = new URL(request.url!, "http://slurm");
      answer(request.method!, pathname, Buffer.concat(parts).toString()).then(
        (json) => {
          response.writeHead(json === undefined ? 404 : 200, { "content-type": "application/json" });
          response.end(JSON.stringify(json ?? { errors: [] }));
        },
        () => response.writeHead(500).end(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    proxy: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    busy,
    drained: () => [...reasons.keys()],
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
