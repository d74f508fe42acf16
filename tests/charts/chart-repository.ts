/** A repository of Helm charts on loopback. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packCharts, type ServedChart } from "../../simulator/services/chart-archives";

/** What is done to requests: no answer, an error in its place, or half of it. */
export type ChartFault = "away" | "error" | "half";

export interface ChartRepository {
  readonly url: string;
  /** Done to each request for the index, or for an archive. */
  fault: { of: "index" | "archive"; kind: ChartFault } | undefined;
  /** Names of the archives that were fetched. */
  readonly fetched: string[];
  close(): Promise<void>;
}

/** @param published a folder with publishers' own charts, `<name>/Chart.yaml`, which are served in the place of ours */
export async function chartRepository(charts: readonly ServedChart[], published?: string): Promise<ChartRepository> {
  const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-charts-"));
  await packCharts(charts, folder, published);
  const repository = { fetched: [] as string[], fault: undefined as ChartRepository["fault"] };
  const server = createServer(({ url = "" }, response) => {
    const file = join(folder, url.slice(1));
    if (!/^\/(index\.yaml|[\w.-]+\.tgz)$/.test(url) || !existsSync(file)) return response.writeHead(404).end();
    const of = url === "/index.yaml" ? "index" : "archive";
    const fault = repository.fault?.of === of ? repository.fault.kind : undefined;
    if (fault === "away") return response.destroy();
    if (fault === "error") return response.writeHead(500).end("the shelf has fallen down");
    if (of === "archive") repository.fetched.push(url.slice(1));
    const whole = readFileSync(file);
    if (fault === undefined) return response.end(whole);
    response.writeHead(200, { "content-length": whole.length });
    return response.write(whole.subarray(0, whole.length / 2), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(repository, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  });
}
