/**
 * The tests that are too dear for each run: those that need machines which really boot (Linux, root), `tests/machines-nspawn/*.e2e.ts`, and those
 * on real services; one file after the other.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { nspawnProblem } from "../simulator/machines/nspawn/host";
import { ensureMachineImage, ImageSourceUnreachable } from "../simulator/machines/nspawn/image/image";
import { withLock } from "../toolchain/tools/lock";
import { toolsDirectory } from "../toolchain/tools/paths";

export const machinesFolder = "tests/machines-nspawn";

const onServices = [
  "tests/provider/keycloak/keycloak.e2e.ts",
  "tests/components/jupyterhub/login.e2e.ts",
  "tests/engine/charts.e2e.ts",
  "tests/engine/add-on-faults.e2e.ts",
  "tests/engine/request-on-aws.e2e.ts",
  "tests/machines-vm/nfs-server.e2e.ts",
  "tests/machines-vm/lustre-nodes.e2e.ts",
  "tests/engine/kuberay.e2e.ts",
  "tests/engine/kuberay-autoscaling.e2e.ts",
  "tests/engine/slurm.e2e.ts",
  "tests/engine/metal3-away.e2e.ts",
  "tests/engine/vmetal-away.e2e.ts",
  "tests/simulator/platforms/cluster-api.e2e.ts",
  "tests/provider/vault/vault.e2e.ts",
  "tests/machines-vm/disk-encryption.e2e.ts",
  "tests/machines-vm/encrypted-control-plane.e2e.ts",
  "tests/machines-vm/encrypted-nfs-server.e2e.ts",
];

/** `cloud`: one cluster on each cloud, in the file that has its name. `services`: what needs no machines. `all`: everything. */
export type Extent = "cloud" | "services" | "all";

/** Why they cannot run here; undefined where they can. Makes the machine image where it is missing. */
export async function bootingProblem(): Promise<string | undefined> {
  const problem = await nspawnProblem();
  if (problem !== undefined) return problem;
  try {
    await ensureMachineImage();
    return undefined;
  } catch (error) {
    if (error instanceof ImageSourceUnreachable) return error.message;
    throw error;
  }
}

/**
 * Runs mocha on the files; they never run at the same time, nor beside those of another suite on this computer, because machines share the kernel's
 * limits. Such files among the arguments run in place of them. Returns its exit status.
 */
export async function runBootingTests(extent: Extent, mochaArguments: readonly string[]): Promise<number> {
  const given = mochaArguments.filter((argument) => argument.endsWith(".e2e.ts"));
  const files = given.length > 0 ? [] : bootingTests(extent);
  const run = () => mocha([...mochaArguments, ...files]);
  if (![...given, ...files].some((file) => file.includes(machinesFolder))) return run();
  return withLock(join(toolsDirectory(), "..", "machine-tests.lock"), run, {
    onWait: (pid) => console.log(`machines that boot: waiting for those of another suite (process ${pid})`),
  });
}

/** Not synchronous: who holds the lock gives signs of life meanwhile. ^C reaches mocha too, which takes its machines down first. */
async function mocha(args: readonly string[]): Promise<number> {
  const staying = () => undefined;
  process.on("SIGINT", staying);
  try {
    const child = spawn(process.execPath, [require.resolve("mocha/bin/mocha.js"), ...args], { stdio: "inherit" });
    const [status] = (await once(child, "exit")) as [number | null];
    return status ?? 1;
  } finally {
    process.off("SIGINT", staying);
  }
}

export function bootingTests(extent: Extent): string[] {
  if (extent === "services") return onServices;
  const onMachines = readdirSync(join(__dirname, "machines-nspawn"))
    .filter((name) => (extent === "all" ? name.endsWith(".e2e.ts") : /^(aws|cudo|mithril)\.e2e\.ts$/.test(name)))
    .map((name) => `${machinesFolder}/${name}`);
  return extent === "all" ? [...onServices, ...onMachines] : onMachines;
}
