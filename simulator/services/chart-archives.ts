/** Helm charts as a repository has them: an archive each, and an index of all. */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../../toolchain/tools/command";

export interface ServedChart {
  name: string;
  version: string;
  /** Files by their place in the chart; Chart.yaml is written. */
  files: Readonly<Record<string, string>>;
}

/**
 * Writes `index.yaml` and the archives that it names into the folder.
 * @param published a folder with publishers' own charts, `<name>/Chart.yaml`, which come in the place of ours
 */
export async function packCharts(charts: readonly ServedChart[], folder: string, published?: string): Promise<void> {
  for (const chart of charts) await pack(chart, folder, published);
  writeFileSync(join(folder, "index.yaml"), index(charts));
}

const archiveOf = ({ name, version }: ServedChart) => `${name}-${version}.tgz`;

const manifest = ({ name, version }: ServedChart) => ({ apiVersion: "v2", name, version });

/** JSON is YAML. */
function index(charts: readonly ServedChart[]): string {
  const entries = charts.map((chart) => [chart.name, [{ ...manifest(chart), urls: [archiveOf(chart)] }]]);
  return JSON.stringify({ apiVersion: "v1", entries: Object.fromEntries(entries) });
}

async function pack(chart: ServedChart, folder: string, published: string | undefined): Promise<void> {
  const { name, files } = chart;
  const source = join(folder, name);
  const real = published === undefined ? undefined : join(published, name);
  if (real !== undefined && existsSync(real)) cpSync(real, source, { recursive: true });
  else
    for (const [place, text] of Object.entries({ ...files, "Chart.yaml": JSON.stringify(manifest(chart)) })) {
      mkdirSync(join(source, place, ".."), { recursive: true });
      writeFileSync(join(source, place), text);
    }
  await runCommand("tar", ["-czf", join(folder, archiveOf(chart)), "-C", folder, name], {});
  rmSync(source, { recursive: true });
}
