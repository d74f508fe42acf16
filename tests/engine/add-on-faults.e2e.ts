/**
 * What runs in clusters while their API server fails each request once, with Pulumi's own Kubernetes provider:
 * `npm run test:e2e -- tests/engine/add-on-faults.e2e.ts`. GPU_CLUSTERS_ADD_ON names one alone.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chartsOfOurs } from "../../simulator/services/charts";
import { runCommand } from "../../toolchain/tools/command";
import { chartRepository, type ChartRepository } from "../charts/chart-repository";
import { apiServerFaults, type ApiServerFaults } from "./api-server-faults";
import { clusterContents } from "./cluster-contents";
import { compiledProgram } from "./compiled-program";
import { EngineEnvironment } from "./environment";
import type { EngineStack, Operation } from "./stack";
import { provideVolumes } from "./test-volumes";

const named = process.env.GPU_CLUSTERS_ADD_ON;
const addOns =
  named === undefined
    ? ["device-plugin", "nfs", "file-share", "ebs", "flannel", "cloud-controller", "kuberay"]
    : [named];

const group = {
  ...{ name: "workers", role: "worker", minSize: 1, maxSize: 1, vcpus: 4, memoryGib: 16, diskSizeGib: 50 },
  ...{ dataCenterId: "us-newyork-1", machineType: "intel-broadwell-v100" },
};

const helmTrouble = /another operation \(install|has no deployed releases|release: not found/;

describe("an API server that fails requests, with Pulumi's own provider", function () {
  this.timeout(1_800_000);
  let environment: EngineEnvironment;
  let charts: ChartRepository;
  let program: string;
  let faults: ApiServerFaults;
  let folder: string;
  let adminFile: string;

  before(async () => {
    environment = await EngineEnvironment.start({ machines: true, realKubernetes: true });
    charts = await chartRepository(chartsOfOurs);
    program = await compiledProgram(join(__dirname, "programs", "add-on"));
    const cluster = await environment.stack({
      ...{ "pulumi-gpu-clusters:cloud": "cudo", "pulumi-gpu-clusters:clusterName": "faulty" },
      ...{ "pulumi-gpu-clusters:cni": "none", "pulumi-gpu-clusters:noVault": true },
      ...{ "pulumi-gpu-clusters:autoscaler": false, "pulumi-gpu-clusters:nodeGroups": [group] },
    });
    const up = await cluster.up();
    assert.ok(up.ok, up.text);
    const admin = (await cluster.outputs()).kubeconfig as string;
    folder = mkdtempSync(join(tmpdir(), "gpu-clusters-add-on-faults-"));
    adminFile = join(folder, "kubeconfig");
    writeFileSync(adminFile, admin, { mode: 0o600 });
    await provideVolumes(admin, 8);
    faults = await apiServerFaults(admin);
  });
  after(async () => {
    await faults?.close();
    await environment?.stop();
    await charts?.close();
    for (const each of [program, folder]) if (each) rmSync(each, { recursive: true, force: true });
  });

  /** Again and again until it succeeds; no oftener than something failed. */
  async function persist(stack: EngineStack, operation: () => Promise<Operation>): Promise<string[]> {
    const failed: string[] = [];
    for (let last = await operation(); !last.ok; last = await operation()) {
      failed.push(last.text);
      if (helmTrouble.test(last.text)) await asReadmeSays(stack);
      assert.doesNotMatch(last.text, /UnhandledPromiseRejection|panic:/);
      assert.ok(
        failed.length <= faults.struck.size,
        `failed once more than requests did:\n${failed.slice(-2).join("\n")}`,
      );
    }
    return failed;
  }

  /** What is left to users: Helm refuses everything after an operation whose end it could not note, and Pulumi does not look again by itself. */
  async function asReadmeSays(stack: EngineStack): Promise<void> {
    const pending = ["-A", "-l", "owner=helm,status in (pending-install,pending-upgrade,pending-rollback)"];
    await runCommand(environment.tools.kubectl, ["--kubeconfig", adminFile, "delete", "secrets", ...pending], {});
    let refreshed = await stack.refresh();
    for (let tries = 0; !refreshed.ok && tries < faults.struck.size; tries++) refreshed = await stack.refresh();
    assert.ok(refreshed.ok, refreshed.text);
  }

  async function survives(stack: EngineStack): Promise<void> {
    faults.arm(true);
    const failed = await persist(stack, () => stack.up());
    const writes = [...faults.struck].filter((request) => !request.startsWith("GET "));
    assert.ok(writes.length > 0, "no request was disturbed");
    faults.arm(false);
    assert.deepEqual(await stack.preview(), [], failed.at(-1));
    faults.arm(true);
    await persist(stack, () => stack.destroy());
    faults.arm(false);
    assert.deepEqual(
      await stack.resources().then((all) => all.filter(({ type }) => type.startsWith("kubernetes:"))),
      [],
    );
  }

  for (const name of addOns)
    it(`leaves ${name} whole after some tries, and nothing of it after as many of a destroy`, async () => {
      const config = {
        ...{ "gpu-clusters:kubernetes": { chartRepository: charts.url }, "add-on:addOn": name },
        "add-on:kubeconfig": faults.kubeconfig,
      };
      // Helm leaves the definitions of its charts; those of KubeRay are not Helm's.
      const contents = () => clusterContents(environment.tools.kubectl, adminFile, name === "kuberay");
      const before = await contents();
      const stack = await environment.stack(config, { name, program, timeoutMs: 900_000 });
      await survives(stack);
      assert.deepEqual(await contents(), before);
    });
});
