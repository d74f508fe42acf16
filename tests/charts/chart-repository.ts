/** A repository of Helm charts on loopback. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../toolchain/tools/command";

export interface ServedChart {
  name: string;
  version: string;
  /** Files by their place in the chart; Chart.yaml is written. */
  files: Readonly<Record<string, string>>;
}

export interface ChartRepository {
  readonly url: string;
  /** Names of the archives that were fetched. */
  readonly fetched: string[];
  close(): Promise<void>;
}

/** @param real a folder with publishers' own charts, `<name>/Chart.yaml`, which are served in the place of ours */
export async function chartRepository(charts: readonly ServedChart[], real?: string): Promise<ChartRepository> {
  const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-charts-"));
  for (const chart of charts) await pack(chart, folder, real);
  const fetched: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    const file = join(folder, url.slice(1));
    if (url === "/index.yaml") return response.end(index(charts));
    if (!/^\/[\w.-]+\.tgz$/.test(url) || !existsSync(file)) return response.writeHead(404).end();
    fetched.push(url.slice(1));
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

const archiveOf = ({ name, version }: ServedChart) => `${name}-${version}.tgz`;

const manifest = ({ name, version }: ServedChart) => ({ apiVersion: "v2", name, version });

/** JSON is YAML. */
function index(charts: readonly ServedChart[]): string {
  const entries = charts.map((chart) => [chart.name, [{ ...manifest(chart), urls: [archiveOf(chart)] }]]);
  return JSON.stringify({ apiVersion: "v1", entries: Object.fromEntries(entries) });
}

async function pack(chart: ServedChart, folder: string, real: string | undefined): Promise<void> {
  const { name, files } = chart;
  const source = join(folder, name);
  const published = real === undefined ? undefined : join(real, name);
  if (published !== undefined && existsSync(published)) cpSync(published, source, { recursive: true });
  else
    for (const [place, text] of Object.entries({ ...files, "Chart.yaml": JSON.stringify(manifest(chart)) })) {
      mkdirSync(join(source, place, ".."), { recursive: true });
      writeFileSync(join(source, place), text);
    }
  await runCommand("tar", ["-czf", join(folder, archiveOf(chart)), "-C", folder, name], {});
}
