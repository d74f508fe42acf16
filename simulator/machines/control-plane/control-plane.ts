/** A control-plane machine: etcd and Kubernetes' own binaries on the machine's address, and kwok for the kubelets. */
import { setTimeout as delay } from "node:timers/promises";
import type { ControlPlaneDocument, NodeDocument } from "../../../bootstrap/document";
import { KubernetesApiError } from "../../../sdk/kubernetes/api";
import { ApiConnection } from "../api-connection";
import type { Disk } from "../light/disk";
import { requireLoopbackAddress } from "../light/loopback-address";
import type { Role } from "../light/role";
import { SupervisedProcess, type Service } from "../light/supervised-process";
import type { MachineSpec } from "../machine";
import { powerLabel, powerOn } from "../power-label";
import { Kubelet } from "../worker/kubelet";
import { kubeletWords } from "../worker/kubelet-words";
import { clusterObjects } from "./cluster-objects";
import { apiServer, controllerManager, etcd, kwok, scheduler, type ControlPlaneTools } from "./components";
import { writeControlPlaneFiles, type ControlPlaneFiles } from "./files";

const apiPollMs = 50;
const apiTimeoutMs = 120_000;

export interface ControlPlaneSurroundings {
  readonly spec: MachineSpec;
  readonly disk: Disk;
  readonly tools: ControlPlaneTools;
  /** Whether the machine of this node is on. */
  readonly isPowered: (nodeName: string) => boolean;
}

export class ControlPlane implements Role {
  readonly isControlPlane = true;
  readonly #power = new AbortController();
  readonly #controlPlane: ControlPlaneDocument;
  #processes: SupervisedProcess[] = [];
  #connection: ApiConnection | undefined;
  #settling: Promise<void> = Promise.resolve();

  constructor(
    private readonly surroundings: ControlPlaneSurroundings,
    private readonly document: NodeDocument,
  ) {
    if (document.controlPlane === undefined)
      throw new Error("the node document of a control plane has no controlPlane section");
    this.#controlPlane = document.controlPlane;
  }

  async start(): Promise<void> {
    const { spec, disk, tools } = this.surroundings;
    await requireLoopbackAddress(spec.address);
    const files = await writeControlPlaneFiles(
      disk.path("kubernetes"),
      spec.address,
      this.document,
      this.#controlPlane,
    );
    const api = (this.#connection = new ApiConnection(files.server, files.admin));
    const settings = {
      tools,
      address: spec.address,
      nodeName: this.document.nodeName,
      files,
      dataDirectory: disk.path("etcd"),
      controlPlane: this.#controlPlane,
    };
    const services: Service[] = [
      etcd(settings),
      { ...apiServer(settings), prepare: async () => this.#settleBehind(api, files) },
      controllerManager(settings),
      scheduler(settings),
      kwok(settings, (signal) => this.#handOverToKwok(api, signal)),
    ];
    const surroundings = {
      pidDirectory: disk.run,
      logDirectory: disk.logs,
      note: (message: string) => disk.note(message),
    };
    this.#processes = services.map((service) => new SupervisedProcess(service, surroundings));
    for (const process of this.#processes) process.start();
  }

  /** Those who write first, the store last. */
  async stop(): Promise<void> {
    this.#endCalls();
    const [store, server, ...clients] = this.#processes;
    await Promise.all(clients.map((client) => client.stop(500)));
    await server?.stop(2_000);
    await store?.stop(1_000);
    await this.#settling;
  }

  async cut(): Promise<void> {
    this.#endCalls();
    await Promise.all(this.#processes.map((process) => process.kill()));
    await this.#settling;
  }

  async close(): Promise<void> {
    await this.stop();
  }

  #endCalls(): void {
    this.#power.abort(new Error("the machine is going off"));
    this.#connection?.close();
  }

  #settleBehind(api: ApiConnection, files: ControlPlaneFiles): void {
    const { disk } = this.surroundings;
    const since = Date.now();
    this.#settling = this.#settle(api, files, since).catch((error: unknown) => {
      if (!this.#power.signal.aborted)
        disk.note(`kubeadm: error execution phase bootstrap-token: ${kubeletWords(error)}`);
    });
  }

  /** What `kubeadm init` does once the API server answers. Safe to repeat: existing objects are left as they are. */
  async #settle(api: ApiConnection, files: ControlPlaneFiles, since: number): Promise<void> {
    const { disk, spec } = this.surroundings;
    for (const { collection, object } of clusterObjects(this.document, this.#controlPlane, files.server.endpoint)) {
      await this.#answered((signal) => createOnce(api, collection, object, signal));
    }
    await this.#answered((signal) => api.request("GET", "/readyz", signal));
    disk.note(`kubeadm: the API server answers after ${Date.now() - since} ms`);
    const kubelet = new Kubelet(files.server, files.kubelet, { ...this.document, labels: {}, taints: [] }, spec);
    await this.#answered((signal) => kubelet.register(signal));
    // kubelet may not give itself node-role labels: kubeadm marks the control plane.
    await this.#answered((signal) =>
      api.request(
        "PATCH",
        `/api/v1/nodes/${this.document.nodeName}`,
        signal,
        this.#mark(),
        "application/strategic-merge-patch+json",
      ),
    );
    disk.note("kubeadm: your Kubernetes control-plane has initialized successfully");
  }

  #mark(): object {
    return {
      metadata: {
        labels: {
          ...this.document.labels,
          "node-role.kubernetes.io/control-plane": "",
          "node.kubernetes.io/exclude-from-external-load-balancers": "",
        },
      },
      spec: { taints: this.#taints() },
    };
  }

  /** The document's own, and kubeadm's default where the document does not name it. */
  #taints(): NodeDocument["taints"] {
    const { taints } = this.document;
    const key = "node-role.kubernetes.io/control-plane";
    return taints.some((taint) => taint.key === key) ? taints : [...taints, { key, effect: "NoSchedule" }];
  }

  /**
   * Before each start of kwok. It takes a new identity each time and would wait until the leases of its last one run out,
   * and machines that went off while there was no API server are still marked as on.
   */
  async #handOverToKwok(api: ApiConnection, ending: AbortSignal): Promise<void> {
    await this.#answered((signal) => api.request("GET", "/readyz", signal), ending);
    const selector = encodeURIComponent(`${powerLabel}=${powerOn}`);
    const nodes = await api.request<{ items: { metadata: { name: string } }[] }>(
      "GET",
      `/api/v1/nodes?labelSelector=${selector}`,
      ending,
    );
    for (const { metadata } of nodes.items) {
      if (metadata.name === this.document.nodeName || this.surroundings.isPowered(metadata.name)) continue;
      const patch = { metadata: { labels: { [powerLabel]: null } } };
      await api.request("PATCH", `/api/v1/nodes/${metadata.name}`, ending, patch, "application/merge-patch+json");
    }
    await api.request("DELETE", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", ending);
  }

  /** Repeats a call until the API server answers it. */
  async #answered<T>(call: (signal: AbortSignal) => Promise<T>, ending: AbortSignal = this.#power.signal): Promise<T> {
    const deadline = Date.now() + apiTimeoutMs;
    for (;;) {
      try {
        return await call(ending);
      } catch (error) {
        if (ending.aborted || Date.now() > deadline) throw error;
        await delay(apiPollMs, undefined, { signal: ending });
      }
    }
  }
}

async function createOnce(api: ApiConnection, collection: string, object: object, signal: AbortSignal): Promise<void> {
  try {
    await api.request("POST", collection, signal, object);
  } catch (error) {
    if (!(error instanceof KubernetesApiError) || error.reason !== "AlreadyExists") throw error;
  }
}
