/** Slinky's own operator beside a test: what makes pods of Slurm's kinds, and what admits these, on any API server. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import type { KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { ensureTools } from "../../toolchain/tools";
import { certificateOfWebhooks, isListening, isServed } from "../controllers";
import { freePort } from "../free-port";
import { goModuleFolder } from "../go-module";
import { stop } from "../provider/kubernetes/control-plane";
import { until } from "../until";

/** Where Slurm's objects are. */
const namespace = "slurm";
const fieldManager = "tests";
const noPorts = ["--metrics-addr=0", "--health-addr=0"];

interface Webhook {
  clientConfig: { service: { path: string } };
}

export class SlurmOperator {
  private readonly folder = mkdtempSync(join(tmpdir(), "gpu-clusters-slurm-operator-"));
  private readonly children: ChildProcess[] = [];

  private constructor(
    private readonly programs: Record<"slurm-operator" | "slurm-operator-webhook", string>,
    private readonly kubeconfig: string,
  ) {
    writeFileSync(join(this.folder, "kubeconfig"), kubeconfig, { mode: 0o600 });
  }

  /**
   * Installs its definitions, which cannot be made of without it from then on.
   * @param proxy leads to Slurm's REST interface
   */
  static async start(kubeconfig: string, proxy: string): Promise<SlurmOperator> {
    const programs = await ensureTools(["slurm-operator", "slurm-operator-webhook"]);
    const configuration = join(
      await goModuleFolder("slurm-operator", "github.com/SlinkyProject/slurm-operator"),
      "config",
    );
    const operator = new SlurmOperator(programs, kubeconfig);
    await operator.define(join(configuration, "crd", "bases"));
    await operator.admit(join(configuration, "webhook", "manifests.yaml"));
    operator.run("slurm-operator", noPorts, { HTTP_PROXY: proxy, http_proxy: proxy, NO_PROXY: "", no_proxy: "" });
    return operator;
  }

  async close(): Promise<void> {
    await Promise.all(this.children.map(stop));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private run(name: "slurm-operator" | "slurm-operator-webhook", flags: string[], more: Record<string, string>) {
    const place = process.env["SLURM_OPERATOR_LOGS"] ?? this.folder;
    const logFile = join(place, `${name}.log`);
    const log = openSync(logFile, "w");
    const env = { ...process.env, KUBECONFIG: join(this.folder, "kubeconfig"), ...more };
    const child = spawn(this.programs[name], flags, { stdio: ["ignore", log, log], env });
    closeSync(log);
    this.children.push(child);
    return { child, logFile };
  }

  private async define(folder: string): Promise<void> {
    const definitions = readdirSync(folder).map(
      (file) => parse(readFileSync(join(folder, file), "utf8")) as KubernetesObject,
    );
    for (const definition of definitions) await kubernetesApi(this.kubeconfig).apply(definition, { fieldManager });
    for (const { metadata } of definitions)
      await until(metadata.name!, () => isServed(this.kubeconfig, metadata.name!));
  }

  private async admit(manifests: string): Promise<void> {
    // It has no flag for the folder, which is below the one for passing files.
    const certificates = join(this.folder, "k8s-webhook-server", "serving-certs");
    mkdirSync(certificates, { recursive: true });
    const caBundle = await certificateOfWebhooks(certificates);
    const port = await freePort();
    const address = `--server-addr=127.0.0.1:${port}`;
    const { child, logFile } = this.run("slurm-operator-webhook", [address, ...noPorts], { TMPDIR: this.folder });
    await until("its webhooks listen", async () => child.exitCode !== null || (await isListening(port)));
    if (child.exitCode !== null) throw new Error(`it has ended: ${readFileSync(logFile, "utf8").slice(-1000)}`);
    const text = readFileSync(manifests, "utf8");
    for (const document of parseAllDocuments(text)) {
      const { webhooks, ...configuration } = document.toJS() as KubernetesObject & { webhooks: Webhook[] };
      const configured = webhooks.map(({ clientConfig, ...hook }) => ({
        ...hook,
        // What else is in the cluster goes on while the test is over and the cluster is not.
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        clientConfig: { caBundle, url: `https://127.0.0.1:${port}${clientConfig.service.path}` },
      }));
      const object = { ...configuration, webhooks: configured } as unknown as KubernetesObject;
      await kubernetesApi(this.kubeconfig).apply(object, { fieldManager });
    }
  }
}
