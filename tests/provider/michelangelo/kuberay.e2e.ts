/** KubeRay's own operator in a registered cluster: `npm run test:e2e -- tests/provider/michelangelo/kuberay.e2e.ts`. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { provider } from "../../../plugin/provider";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { parseKubeconfig, renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import {
  controllerManager,
  michelangeloKind,
  michelangeloNamespace,
} from "../../../simulator/platforms/michelangelo/control-plane";
import { ensureTools } from "../../../toolchain/tools";
import { runCommand } from "../../../toolchain/tools/command";
import { moduleDirectory } from "../../../toolchain/tools/go";
import { until } from "../../until";
import { EngineResource, startPlugin, type Plugin } from "../server/harness";
import { account, rights, Scene } from "./scene";

/** Ray's kinds, as the operator of this version wants them. */
async function definitions(): Promise<KubernetesObject[]> {
  const module = "github.com/ray-project/kuberay/ray-operator";
  const cwd = moduleDirectory("kuberay");
  const { stdout } = await runCommand("go", ["list", "-m", "-f", "{{.Dir}}", module], { cwd });
  const folder = join(stdout.trim(), "config", "crd", "bases");
  return readdirSync(folder).map((file) => parse(readFileSync(join(folder, file), "utf8")) as KubernetesObject);
}

const group = {
  rayStartParams: {},
  template: { spec: { containers: [{ name: "ray", image: "rayproject/ray:2.46.0" }] } },
};
const job = {
  apiVersion: "ray.io/v1",
  kind: "RayJob",
  metadata: { name: "hello", namespace: "default" },
  spec: {
    entrypoint: "python -c 'print(1)'",
    rayClusterSpec: {
      rayVersion: "2.46.0",
      headGroupSpec: group,
      workerGroupSpecs: [{ ...group, groupName: "workers", replicas: 1, minReplicas: 1, maxReplicas: 1 }],
    },
  },
};

describe("KubeRay's operator in a compute cluster of Michelangelo", function () {
  // The first run compiles it.
  this.timeout(900_000);
  const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-ray-operator-"));
  let scene: Scene;
  let plugin: Plugin;
  let operator: ChildProcess;
  before(async () => {
    const { "ray-operator": program } = await ensureTools(["ray-operator"]);
    [scene, plugin] = await Promise.all([Scene.start(), startPlugin(provider)]);
    const kinds = await definitions();
    await scene.have(...kinds, michelangeloKind, michelangeloNamespace, account, ...rights, controllerManager);
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(kubeconfig, scene.kubeconfig, { mode: 0o600 });
    const flags = ["--metrics-addr=0", "--health-probe-bind-address=0", "--enable-leader-election=false"];
    operator = spawn(program, flags, { stdio: "ignore", env: { ...process.env, KUBECONFIG: kubeconfig } });
  });
  after(async () => {
    operator.kill("SIGKILL");
    if (operator.exitCode === null && operator.signalCode === null) await once(operator, "exit");
    await plugin.stop();
    await scene.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("takes a RayJob that Michelangelo's token made, and makes pods of it", async () => {
    const registration = new EngineResource(plugin, "gpu-clusters:michelangelo:Registration");
    const { kubeconfig, api } = scene;
    await registration.up({ kubeconfig, controlPlaneKubeconfig: kubeconfig, clusterName: "gpu-east" });
    const core = { apiVersion: "v1", namespace: "default" };
    const secret = await api.read({ ...core, kind: "Secret", name: "cluster-gpu-east-client-token" });
    const { token } = secret!["data"] as { token: string };
    const { endpoint, certificateAuthority = "" } = parseKubeconfig(kubeconfig);
    const asMichelangelo = kubernetesApi(
      renderKubeconfig({
        clusterName: "compute",
        endpoint,
        certificateAuthority,
        credentials: { token: Buffer.from(token, "base64").toString("utf8") },
      }),
    );
    await asMichelangelo.apply(job, { fieldManager: "michelangelo" });
    const reference = { apiVersion: job.apiVersion, kind: job.kind, ...job.metadata };
    const rayCluster = await until(async () => {
      const status = (await asMichelangelo.read(reference))?.["status"] as { rayClusterName?: string } | undefined;
      return status?.rayClusterName;
    }, "the operator makes a Ray cluster of the job");
    const labelSelector = `ray.io/cluster=${rayCluster}`;
    const pods = await until(async () => {
      const found = await api.list({ ...core, kind: "Pod", labelSelector });
      return found.length === 2 && found;
    }, "head and worker");
    const types = pods.map(({ metadata }) => metadata.labels?.["ray.io/node-type"]).sort();
    assert.deepEqual(types, ["head", "worker"]);
    await asMichelangelo.delete(reference);
    await registration.destroy();
    assert.deepEqual(await scene.left(), []);
  });
});
