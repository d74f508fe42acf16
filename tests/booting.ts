/**
 * The tests that are too dear for each run: those that need machines which really boot (Linux, root), `tests/machines-nspawn/*.e2e.ts`, and those
 * on real services; one file after the other.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { nspawnProblem } from "../simulator/machines/nspawn/host";
import { ensureMachineImage, ImageSourceUnreachable } from "../simulator/machines/nspawn/image/image";

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
 * Runs mocha on the files; they never run at the same time, because machines share the kernel's limits. Such files among the arguments run in place
 * of them. Returns its exit status.
 */
export function runBootingTests(extent: Extent, mochaArguments: readonly string[]): number {
  const given = mochaArguments.some((argument) => argument.endsWith(".e2e.ts"));
  const files = given ? [] : bootingTests(extent);
  const mocha = require.resolve("mocha/bin/mocha.js");
  return spawnSync(process.execPath, [mocha, ...mochaArguments, ...files], { stdio: "inherit" }).status ?? 1;
}

export function bootingTests(extent: Extent): string[] {
  if (extent === "services") return onServices;
  const onMachines = readdirSync(join(__dirname, "machines-nspawn"))
    .filter((name) => (extent === "all" ? name.endsWith(".e2e.ts") : /^(aws|cudo|mithril)\.e2e\.ts$/.test(name)))
    .map((name) => `${machinesFolder}/${name}`);
  return extent === "all" ? [...onServices, ...onMachines] : onMachines;
}
