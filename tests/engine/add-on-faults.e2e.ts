/**
 * What runs in clusters while their API server fails each request once, with Pulumi's own Kubernetes provider:
 * `npm run test:e2e -- tests/engine/add-on-faults.e2e.ts`. GPU_CLUSTERS_ADD_ON names some alone, as
 * `efs,dra`.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { chartsOfOurs } from "../../simulator/services/charts";
import { chartRepository, type ChartRepository } from "../charts/chart-repository";
import { faultyAddOns } from "./add-ons";
import { apiServerFaults, type ApiServerFaults } from "./api-server-faults";
import { clusterContents } from "./cluster-contents";
import { compiledProgram } from "./compiled-program";
import { cudoGroup } from "./cudo-group";
import { EngineEnvironment } from "./environment";
import type { EngineStack, Operation } from "./stack";
import { provideVolumes } from "./test-volumes";

const addOns = process.env.GPU_CLUSTERS_ADD_ON?.split(",") ?? faultyAddOns;

const group = { ...cudoGroup, minSize: 2, maxSize: 2 };

/** A release that is gone, while the answer to its last deletion was lost. */
const goneAlready = /release: not found/;

/** Pulumi's own Kubernetes provider does where the first look at what it has just made fails, a PersistentVolume for example. */
const panics = /UnhandledPromiseRejection|panic:(?![^]*pulumi-kubernetes\/provider)/;

describe("an API server that fails requests, with Pulumi's own provider", function () {
  this.timeout(3_600_000);
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
      "pulumi-gpu-clusters:cloud": "cudo",
      "pulumi-gpu-clusters:clusterName": "faulty",
      "pulumi-gpu-clusters:cni": "none",
      "pulumi-gpu-clusters:noVault": true,
      "pulumi-gpu-clusters:autoscaler": false,
      "pulumi-gpu-clusters:nodeGroups": [group],
    });
    const up = await cluster.up();
    assert.ok(up.ok, up.text);
    const admin = (await cluster.outputs()).kubeconfig as string;
    folder = mkdtempSync(join(tmpdir(), "gpu-clusters-add-on-faults-"));
    adminFile = join(folder, "kubeconfig");
    writeFileSync(adminFile, admin, { mode: 0o600 });
    await provideVolumes(admin, 10);
    faults = await apiServerFaults(admin);
    // The cluster that a tenant's control plane would be.
    const tenant = { apiVersion: "v1", kind: "Secret", metadata: { name: "tenant", namespace: "default" } };
    await kubernetesApi(admin).create({ ...tenant, stringData: { config: faults.kubeconfig } });
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
      if (goneAlready.test(last.text)) await refreshed(stack);
      assert.doesNotMatch(last.text, panics);
      assert.ok(
        failed.length <= faults.struck.size,
        `failed once more than requests did:\n${failed.slice(-2).join("\n")}`,
      );
    }
    return failed;
  }

  /** What `pulumi destroy --refresh` does first: it is all that is left to users. */
  async function refreshed(stack: EngineStack): Promise<void> {
    let last = await stack.refresh();
    for (let tries = 0; !last.ok && tries < faults.struck.size; tries++) last = await stack.refresh();
    assert.ok(last.ok, last.text);
  }

  async function survives(stack: EngineStack): Promise<void> {
    faults.arm(true);
    const failed = await persist(stack, () => stack.up());
    const writes = [...faults.struck].filter((request) => !request.startsWith("GET "));
    assert.ok(writes.length > 0, "no request was disturbed");
    faults.arm(false);
    await recorded(stack);
    assert.deepEqual(await stack.preview(), [], failed.at(-1));
    faults.arm(true);
    await persist(stack, () => stack.destroy());
    faults.arm(false);
    assert.deepEqual(
      await stack.resources().then((all) => all.filter(({ type }) => type.startsWith("kubernetes:"))),
      [],
    );
  }

  /** Where Helm could not note that an installation had succeeded, the next preview shows it, and `up` notes it. */
  async function recorded(stack: EngineStack): Promise<void> {
    const changes = await stack.preview();
    if (changes.length === 0) return;
    assert.ok(
      changes.every(({ urn }) => urn.includes("ReleaseUnlocked")),
      JSON.stringify(changes),
    );
    const up = await stack.up();
    assert.ok(up.ok, up.text);
  }

  for (const name of addOns)
    it(`leaves ${name} whole after some tries, and nothing of it after as many of a destroy`, async () => {
      const config = {
        "gpu-clusters:kubernetes": { chartRepository: charts.url },
        "add-on:addOn": name,
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
