/** What add-ons need that is no cloud: a Keycloak, and a repository with a chart of ours in the place of each publisher's. Both forget everything. */
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { derived } from "../identifiers";
import { packCharts } from "./chart-archives";
import { chartsOfOurs } from "./charts";
import { Keycloak } from "./keycloak";

/** What a client of each needs. */
export interface ServiceAccess {
  readonly keycloak: { baseUrl: string; realm: string; username: string; password: string };
  /** For `gpu-clusters:kubernetes.chartRepository`. */
  readonly chartRepository: string;
}

export interface Services {
  access(url: string): ServiceAccess;
  close(): void;
}

/** Serves them under `/keycloak` and `/charts`. */
export function serveServices(server: FastifyInstance, seed: string): Services {
  const keycloak = new Keycloak({ username: "admin", password: derived(seed, "keycloak").slice(0, 32) });
  server.all("/keycloak/*", (request, reply) => {
    const { method, url, headers, body, protocol, host } = request;
    const { status, json } = keycloak.answer({
      method,
      url: url.slice("/keycloak".length),
      base: `${protocol}://${host}/keycloak`,
      authorization: headers.authorization,
      body: typeof body === "string" ? body : "",
    });
    return json === undefined ? reply.status(status).send() : reply.status(status).send(json);
  });

  let packed: Promise<string> | undefined;
  let folder: string | undefined;
  const charts = () => (packed ??= pack());
  async function pack(): Promise<string> {
    folder = mkdtempSync(join(tmpdir(), "gpu-clusters-charts-"));
    await packCharts(chartsOfOurs, folder);
    return folder;
  }
  server.get<{ Params: { file: string } }>("/charts/:file", async ({ params: { file } }, reply) => {
    const content = /^[\w.-]+\.(yaml|tgz)$/.test(file)
      ? await readFile(join(await charts(), file)).catch(() => undefined)
      : undefined;
    return content === undefined
      ? reply.status(404).send({ message: `There is no chart ${file}.` })
      : reply.type("application/octet-stream").send(content);
  });

  return {
    access: (url) => ({
      keycloak: { baseUrl: `${url}/keycloak`, realm: Keycloak.realm, ...keycloak.admin },
      chartRepository: `${url}/charts`,
    }),
    close: () => folder !== undefined && rmSync(folder, { recursive: true, force: true }),
  };
}
