/** KubeRay's own operator beside a test: what makes pods of Ray's kinds, on any API server. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import type { KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { ensureTools } from "../../toolchain/tools";
import { isServed } from "../controllers";
import { goModuleFolder } from "../go-module";
import { stop } from "../provider/kubernetes/control-plane";
import { until } from "../until";

export class RayOperator {
  private constructor(
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Installs its definitions, as this version of it wants them. */
  static async start(kubeconfig: string): Promise<RayOperator> {
    const { "ray-operator": program } = await ensureTools(["ray-operator"]);
    for (const definition of await definitions()) {
      await kubernetesApi(kubeconfig).apply(definition, { fieldManager: "tests" });
      await until(definition.metadata.name!, () => isServed(kubeconfig, definition.metadata.name!));
    }
    const folder = mkdtempSync(join(tmpdir(), "gpu-clusters-ray-operator-"));
    const file = join(folder, "kubeconfig");
    writeFileSync(file, kubeconfig, { mode: 0o600 });
    const flags = ["--metrics-addr=0", "--health-probe-bind-address=0", "--enable-leader-election=false"];
    const child = spawn(program, flags, { stdio: "ignore", env: { ...process.env, KUBECONFIG: file } });
    return new RayOperator(child, folder);
  }

  async close(): Promise<void> {
    await stop(this.process);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function definitions(): Promise<KubernetesObject[]> {
  const module = await goModuleFolder("kuberay", "github.com/ray-project/kuberay/ray-operator");
  const folder = join(module, "config", "crd", "bases");
  return readdirSync(folder).map((file) => parse(readFileSync(join(folder, file), "utf8")) as KubernetesObject);
}
