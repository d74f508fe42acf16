/** Cluster API's own controllers beside a test, with kubeadm's providers and their webhooks, on any API server. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import type { KubernetesObject } from "../provider/kubernetes/api";
import { kubernetesApi } from "../provider/kubernetes/client";
import { metal3Definitions } from "../simulator/platforms/metal3/cluster-api-definitions";
import { ensureTools } from "../toolchain/tools";
import { certificateOfWebhooks, isListening, isServed } from "./controllers";
import { freePort } from "./free-port";
import { goModuleFolder } from "./go-module";
import { stop } from "./provider/kubernetes/control-plane";
import { until } from "./until";

const fieldManager = "tests";
/** Whose webhooks the command serves. */
const checked = ["clusters", "machines", "machinesets", "machinedeployments", "kubeadmconfigs"];
const alsoChecked = ["kubeadmconfigtemplates", "kubeadmcontrolplanes"];

interface Webhook {
  clientConfig: { service: { path: string } };
  rules: { resources: string[] }[];
}

interface WebhookConfiguration extends KubernetesObject {
  webhooks: Webhook[];
}

export class ClusterApiControllers {
  #child: ChildProcess | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), "gpu-clusters-cluster-api-"));

  /** Installs the definitions, of Metal3's kinds those of the simulator, and begins. */
  static async start(kubeconfig: string): Promise<ClusterApiControllers> {
    const { "cluster-api": program } = await ensureTools(["cluster-api"]);
    const controllers = new ClusterApiControllers();
    try {
      await controllers.#begin(program, kubeconfig);
    } catch (error) {
      await controllers.close();
      throw error;
    }
    return controllers;
  }

  async #begin(program: string, kubeconfig: string): Promise<void> {
    const folder = this.#folder;
    const api = kubernetesApi(kubeconfig);
    const sources = await configurations();
    const definitions = [...sources.flatMap(definitionsOf), ...(metal3Definitions as KubernetesObject[])];
    for (const definition of definitions) await api.apply(definition, { fieldManager });
    for (const { metadata } of definitions) await until(metadata.name!, () => isServed(kubeconfig, metadata.name!));
    const caBundle = await certificateOfWebhooks(folder);
    writeFileSync(join(folder, "kubeconfig"), kubeconfig, { mode: 0o600 });
    const port = await freePort();
    const logFile = process.env["CLUSTER_API_LOG"] ?? join(folder, "log");
    const log = openSync(logFile, "w");
    const flags = [`--webhook-port=${port}`, `--webhook-cert-dir=${folder}`];
    const env = { ...process.env, KUBECONFIG: join(folder, "kubeconfig") };
    const child = (this.#child = spawn(program, flags, { stdio: ["ignore", log, log], env }));
    closeSync(log);
    await until("its webhooks listen", async () => child.exitCode !== null || (await isListening(port)));
    if (child.exitCode !== null) throw new Error(`it has ended: ${readFileSync(logFile, "utf8").slice(-1000)}`);
    for (const hook of sources.flatMap((folder_) => webhooksOf(folder_, { caBundle, port })))
      await api.apply(hook, { fieldManager });
  }

  async close(): Promise<void> {
    if (this.#child !== undefined) await stop(this.#child);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Folders of the module with what its parts want installed. */
async function configurations(): Promise<string[]> {
  const folder = await goModuleFolder("cluster-api", "sigs.k8s.io/cluster-api");
  const parts = ["core", join("bootstrap", "kubeadm"), join("controlplane", "kubeadm")];
  return parts.map((part) => join(folder, part, "config"));
}

/** With the label by which the parts know of each other's versions. */
function definitionsOf(folder: string): KubernetesObject[] {
  const bases = join(folder, "crd", "bases");
  return readdirSync(bases).map((file) => {
    const definition = parse(readFileSync(join(bases, file), "utf8")) as KubernetesObject;
    const labels = { "cluster.x-k8s.io/v1beta2": "v1beta2" };
    return { ...definition, metadata: { ...definition.metadata, labels } };
  });
}

function webhooksOf(folder: string, { caBundle, port }: { caBundle: string; port: number }): WebhookConfiguration[] {
  const text = readFileSync(join(folder, "webhook", "manifests.yaml"), "utf8");
  const kinds = new Set([...checked, ...alsoChecked]);
  return parseAllDocuments(text).map((document) => {
    const { metadata, webhooks, ...configuration } = document.toJS() as WebhookConfiguration;
    const part = folder.split("/").slice(-3, -1).join("-").replaceAll(/[@.]/g, "-");
    return {
      ...configuration,
      metadata: { ...metadata, name: `${part}-${metadata.name}` },
      webhooks: webhooks
        .filter(({ rules }) => rules.every(({ resources }) => resources.every((resource) => kinds.has(resource))))
        .map(({ clientConfig, ...hook }) => ({
          ...hook,
          clientConfig: { caBundle, url: `https://127.0.0.1:${port}${clientConfig.service.path}` },
        })),
    } as unknown as WebhookConfiguration;
  });
}
