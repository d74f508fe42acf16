/** A repository of Helm charts on loopback. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packCharts, type ServedChart } from "../../simulator/services/chart-archives";

export interface ChartRepository {
  readonly url: string;
  /** Names of the archives that were fetched. */
  readonly fetched: string[];
  close(): Promise<void>;
}

/** @param published a folder with publishers' own charts, `<name>/Chart.yaml`, which are served in the place of ours */
export async function chartRepository(charts: readonly ServedChart[], published?: string): Promise<ChartRepository> {
  const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-charts-"));
  await packCharts(charts, folder, published);
  const fetched: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    const file = join(folder, url.slice(1));
    if (!/^\/(index\.yaml|[\w.-]+\.tgz)$/.test(url) || !existsSync(file)) return response.writeHead(404).end();
    if (url !== "/index.yaml") fetched.push(url.slice(1));
    return response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fetched,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
