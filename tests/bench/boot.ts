/** A cluster of machines that really boot on simulated Cudo: how long each part takes, from `npm start` to nodes that are Ready. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureMachineImage } from "../../simulator/machines/nspawn/image/image";
import { nspawnProblem } from "../../simulator/machines/nspawn/host";
import { ensureTools } from "../../toolchain/tools";
import { runCommand } from "../../toolchain/tools/command";
import { freePort } from "../free-port";
import { until } from "../machines/test-cluster";
import { bootMs, bootingCluster } from "../machines-nspawn/cluster";
import { repeated, seconds } from "./measure";

const checkout = join(__dirname, "..", "..");

export async function boot(): Promise<Record<string, unknown>> {
  const problem = await nspawnProblem();
  if (problem !== undefined) return { notMeasured: problem };
  await ensureMachineImage();
  const parts = await clusterByHand();
  return { ...parts, upSeconds: await repeated(3, wholeCluster) };
}

/** From power-on, without a cloud in between: the floor. */
async function clusterByHand(): Promise<Record<string, number>> {
  const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-boot-"));
  const cluster = await bootingCluster(directory, "127.77.199");
  try {
    const begun = performance.now();
    const sinceBegun = () => Math.round(performance.now() - begun) / 1000;
    await cluster.control.start();
    await until("the API server answers", async () => (await cluster.api.text("/readyz")) === "ok", bootMs);
    const apiSeconds = sinceBegun();
    await cluster.nodeIs("control", "True");
    const controlPlaneReadySeconds = sinceBegun();
    const worker = await cluster.worker("worker", "127.77.199.11");
    const workerReadySeconds = await seconds(async () => {
      await worker.start();
      await cluster.nodeIs("worker", "True");
    });
    return { apiSeconds, controlPlaneReadySeconds, workerReadySeconds };
  } finally {
    await cluster.kind.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Seconds of `npm start -- --machines nspawn` from nothing until all three nodes are Ready. */
async function wholeCluster(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "gpu-clusters-boot-"));
  const { kubectl } = await ensureTools(["kubectl"]);
  const env = { GPU_CLUSTERS_STATE_DIR: directory };
  const npm = (...args: string[]) => runCommand("npm", ["run", "--silent", ...args], { cwd: checkout, env });
  const port = String(await freePort());
  try {
    return await seconds(async () => {
      const { stdout } = await npm("start", "--", "--json", "--machines", "nspawn", "--port", port);
      const { kubeconfig } = JSON.parse(stdout.trim().split("\n").at(-1)!) as { kubeconfig: string };
      const ready = ["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s"];
      await runCommand(kubectl, ["--kubeconfig", kubeconfig, ...ready], {});
    });
  } finally {
    await npm("stop");
    rmSync(directory, { recursive: true, force: true });
  }
}
