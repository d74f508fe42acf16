/**
 * The autoscaler's pod, which really runs on light machines: our server, from the code and the configuration that the cluster has for it, and the
 * stand-in for cluster-autoscaler, with the flags of its container. They have the pod's own rights and meet at a socket, as in the pod.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { clusterAutoscaler } from "../../../components/versions";
import { renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import type { ApiConnection, ApiServer } from "../api-connection";
import { clusterAutoscalerProgram } from "../cluster-autoscaler/program";
import type { Disk } from "../light/disk";
import { SupervisedProcess, type Service } from "../light/supervised-process";
import type { MachineSpec } from "../machine";
import { isRunning, type Pod } from "./pod";

/** Longer than any machine lives. Seconds. */
const tokenSeconds = 365 * 24 * 3600;
const graceMs = 5_000;

interface Running {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** The socket's, elsewhere than the rest: its path may have 107 characters. */
  readonly socketFolder: string;
  readonly processes: readonly SupervisedProcess[];
}

export interface AutoscalerHost {
  readonly server: ApiServer;
  readonly spec: MachineSpec;
  readonly disk: Disk;
}

export class AutoscalerPod {
  #running: Running | undefined;

  constructor(private readonly host: AutoscalerHost) {}

  /** A pod of the machine is as told; `gone`: it is no more. */
  async note(pod: Pod, gone: boolean, connection: ApiConnection, signal: AbortSignal): Promise<void> {
    const { uid } = pod.metadata;
    if (gone || !isRunning(pod)) return this.#running?.uid === uid ? this.end() : undefined;
    if (!isAutoscaler(pod) || this.#running?.uid === uid) return;
    await this.end();
    await this.#start(pod, connection, signal);
  }

  /** All pods of the machine: others have gone unseen. */
  async keepOnly(uids: readonly string[]): Promise<void> {
    if (this.#running && !uids.includes(this.#running.uid)) await this.end();
  }

  /** Of the pod that runs here. */
  logFile(of: { namespace: string; pod: string; container: string }): string | undefined {
    const running = this.#running;
    if (running?.namespace !== of.namespace || running.name !== of.pod) return undefined;
    return join(this.host.disk.logs, of.container === "server" ? "autoscaler-server.log" : "cluster-autoscaler.log");
  }

  /** In an orderly way, as kubelet ends a pod. */
  async end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await Promise.all(running?.processes.map((process) => process.stop(graceMs)) ?? []);
    if (running) rmSync(running.socketFolder, { recursive: true, force: true });
  }

  async #start(pod: Pod, connection: ApiConnection, signal: AbortSignal): Promise<void> {
    const { disk } = this.host;
    const { config, code, cloudConfig } = await volumesOf(pod, connection, signal);
    if (code === undefined)
      return disk.note("kubelet: the autoscaler runs from an image of its own, which is not here");
    const token = await tokenFor(pod, connection, signal);
    const folder = disk.path("autoscaler");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const socketFolder = mkdtempSync(join(tmpdir(), "autoscaler-"));
    const address = `unix://${join(socketFolder, "server.sock")}`;
    const write = (name: string, content: string | Uint8Array) => {
      writeFileSync(join(folder, name), content, { mode: 0o600 });
      return join(folder, name);
    };
    const kubeconfig = write("kubeconfig", this.#kubeconfig(token));
    // Machines of other clusters are on the same computer, and nobody probes.
    const serverConfig = JSON.stringify({ ...(JSON.parse(config) as object), address, healthPort: 0 });
    const container = (which: string) => pod.spec.containers.find(({ name }) => name === which)!;
    const flags = container("cluster-autoscaler").command!.slice(1);
    const given = (container("server").env ?? []).map(({ name, value }) => [name, value ?? ""]);
    const standInFlags = [
      ...flags.filter((flag) => !/^--(cloud-config|address)=/.test(flag)),
      `--cloud-config=${write("cloud-config", cloudConfig.replace(/^address: .*$/m, `address: ${address}`))}`,
      "--address=127.0.0.1:0",
    ];
    const program = (name: string, contents: string | Uint8Array, args: readonly string[]): Service => ({
      name,
      command: process.execPath,
      args: [write(`${name}.cjs`, contents), ...args],
      environment: { ...this.host.spec.environment, ...Object.fromEntries(given), KUBECONFIG: kubeconfig },
    });
    const services = [
      program("autoscaler-server", gunzipSync(code), [write("config.json", serverConfig)]),
      program("cluster-autoscaler", await clusterAutoscalerProgram(), standInFlags),
    ];
    const surroundings = {
      pidDirectory: disk.run,
      logDirectory: disk.logs,
      note: (message: string) => disk.note(message),
    };
    const processes = services.map((service) => new SupervisedProcess(service, surroundings));
    const { uid, namespace, name } = pod.metadata;
    this.#running = { uid, namespace, name, socketFolder, processes };
    for (const process of processes) process.start();
    disk.note(`kubelet: runs pod ${pod.metadata.name}; its logs are in ${disk.logs}`);
  }

  #kubeconfig(token: string): string {
    const { endpoint, certificateAuthority, serverName } = this.host.server;
    return renderKubeconfig({
      clusterName: "own",
      endpoint,
      certificateAuthority,
      ...(serverName !== undefined && { tlsServerName: serverName }),
      credentials: { token },
    });
  }
}

function isAutoscaler({ spec }: Pod): boolean {
  return spec.containers.some(({ image = "" }) => image.startsWith(`${clusterAutoscaler.image}:`));
}

interface Volumes {
  /** JSON. */
  config: string;
  /** Compressed; undefined where the server's image has it inside. */
  code: Uint8Array | undefined;
  cloudConfig: string;
}

async function volumesOf({ metadata, spec }: Pod, connection: ApiConnection, signal: AbortSignal): Promise<Volumes> {
  const core = `/api/v1/namespaces/${metadata.namespace}`;
  const volume = (name: string) => spec.volumes?.find((each) => each.name === name);
  const bytes = async (path: string, field: "data" | "binaryData") => {
    const object = await connection.request<Record<string, Record<string, string>>>("GET", `${core}/${path}`, signal);
    return Object.values(object[field] ?? {})[0]!;
  };
  const config = await bytes(`secrets/${volume("config")!.secret!.secretName}`, "data");
  const code = volume("code")?.configMap;
  return {
    config: Buffer.from(config, "base64").toString("utf8"),
    code: code && Buffer.from(await bytes(`configmaps/${code.name}`, "binaryData"), "base64"),
    cloudConfig: await bytes(`configmaps/${volume("cloud-config")!.configMap!.name}`, "data"),
  };
}

/** Ends with the pod, as those that kubelet asks for. */
async function tokenFor({ metadata, spec }: Pod, connection: ApiConnection, signal: AbortSignal): Promise<string> {
  const { name, namespace, uid } = metadata;
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${spec.serviceAccountName}/token`;
  const { status } = await connection.request<{ status: { token: string } }>("POST", path, signal, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: tokenSeconds, boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid } },
  });
  return status.token;
}
