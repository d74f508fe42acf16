/** JupyterHub itself on this computer, as the chart's values configure it, with its files in a temporary folder. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureJupyterHub } from "../../../toolchain/tools/jupyterhub";
import { until } from "../../until";

export interface RealHub {
  /** What it has said, for an assertion that fails. */
  readonly lines: string[];
  close(): Promise<void>;
}

/**
 * @param values of its chart
 * @param kubeconfig of the cluster that it makes people's servers in
 */
export async function realHub(url: string, values: object, kubeconfig: string): Promise<RealHub> {
  const { python } = await ensureJupyterHub();
  const home = mkdtempSync(join(tmpdir(), "gpu-clusters-hub-"));
  writeFileSync(join(home, "values.json"), JSON.stringify(values), { mode: 0o600 });
  writeFileSync(join(home, "kubeconfig"), kubeconfig, { mode: 0o600 });
  const hub = spawn(python, ["-m", "jupyterhub", "--config", join(__dirname, "hub.py")], {
    cwd: home,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      HOME: home,
      HUB_VALUES: join(home, "values.json"),
      HUB_PORT: new URL(url).port,
      KUBECONFIG: join(home, "kubeconfig"),
    },
  });
  const lines: string[] = [];
  for (const stream of [hub.stdout, hub.stderr])
    stream.on("data", (chunk: Buffer) => lines.push(...chunk.toString().split("\n")));
  const ended = new Promise<void>((resolve) => hub.once("close", () => resolve()));
  const close = async () => {
    hub.kill("SIGKILL");
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await until("the hub answers", async () => {
      if (hub.exitCode !== null) return true;
      return (await fetch(`${url}/hub/health`).catch(() => undefined))?.ok;
    });
    if (hub.exitCode !== null) throw new Error("it ended");
  } catch (error) {
    await close();
    throw new Error(`JupyterHub did not start:\n${lines.slice(-30).join("\n")}`, { cause: error });
  }
  return { lines, close };
}
