/** The few calls that a kubelet makes for its Node; kwok makes the many others. */
import { setTimeout as delay } from "node:timers/promises";
import type { NodeDocument } from "../../../bootstrap/document";
import { KubernetesApiError } from "../../../provider/kubernetes/api";
import { ApiConnection, ignoring, type ApiServer, type Credential } from "../api-connection";
import type { MachineSpec } from "../machine";
import { powerLabel, powerOn } from "../power-label";
import type { AutoscalerPod } from "./autoscaler-pod";
import { advertisedBy, gpuResource } from "./gpus";
import { serveLogs } from "./kubelet-logs";
import { nodeObject } from "./node-object";
import type { Pod } from "./pod";

const mergePatch = "application/merge-patch+json";
const strategicMergePatch = "application/strategic-merge-patch+json";
/** After which the pods are looked at again, where the API server ended the watch. */
const attendAgainMs = 1_000;

interface PodList {
  metadata: { resourceVersion: string };
  items: Pod[];
}

export class Kubelet {
  constructor(
    private readonly server: ApiServer,
    private readonly credential: Credential,
    private readonly document: NodeDocument,
    private readonly spec: MachineSpec,
  ) {}

  /** Creates the Node, or takes up the one that this machine had before. */
  async register(signal: AbortSignal): Promise<"created" | "existing"> {
    return this.#connected(async (connection) => {
      try {
        await connection.request("POST", "/api/v1/nodes", signal, nodeObject(this.document, this.spec));
        return "created";
      } catch (error) {
        if (!(error instanceof KubernetesApiError) || error.reason !== "AlreadyExists") throw error;
      }
      await connection.request(
        "PATCH",
        this.#path,
        signal,
        { metadata: { labels: { [powerLabel]: powerOn } } },
        mergePatch,
      );
      return "existing";
    });
  }

  /** Sees to the node's pods until the signal comes. kwok only says that they run; what more there is to some of them, happens here. */
  async attendPods(autoscaler: AutoscalerPod, signal: AbortSignal): Promise<void> {
    await this.#offerLogs(autoscaler, signal).catch(() => undefined);
    while (!signal.aborted) {
      await this.#followPods(autoscaler, signal).catch(() => undefined);
      await delay(attendAgainMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #offerLogs(autoscaler: AutoscalerPod, signal: AbortSignal): Promise<void> {
    const Port = await serveLogs(this.spec.address, (container) => autoscaler.logFile(container), signal);
    const patch = { status: { daemonEndpoints: { kubeletEndpoint: { Port } } } };
    await this.#connected((connection) =>
      connection.request("PATCH", `${this.#path}/status`, signal, patch, strategicMergePatch),
    );
  }

  async #followPods(autoscaler: AutoscalerPod, signal: AbortSignal): Promise<void> {
    await this.#connected(async (connection) => {
      const pods = `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${this.document.nodeName}`)}`;
      const { metadata, items } = await connection.request<PodList>("GET", pods, signal);
      const offerGpus = this.#gpuOffer(connection, signal);
      const note = async (pod: Pod, gone: boolean) => {
        await offerGpus(pod, gone);
        await autoscaler.note(pod, gone, connection, signal);
      };
      await autoscaler.keepOnly(items.map(({ metadata }) => metadata.uid));
      for (const pod of items) await note(pod, false);
      const version = metadata.resourceVersion;
      for await (const { type, object } of connection.watch<Pod>(
        `${pods}&watch=true&resourceVersion=${version}`,
        signal,
      )) {
        if (type === "ERROR") return;
        await note(object, type === "DELETED");
      }
    });
  }

  /** Offers the machine's GPUs while a device plugin's pod runs on it. */
  #gpuOffer(connection: ApiConnection, signal: AbortSignal): (pod: Pod, gone: boolean) => Promise<void> {
    const pluggedIn = this.document.gpu === undefined ? 0 : (this.spec.gpus?.count ?? 0);
    const offered = new Map<string, number>();
    return async (pod, gone) => {
      const count = pluggedIn === 0 ? undefined : advertisedBy(pod, pluggedIn);
      if (count === undefined) return;
      // A new plugin registers before an old one's pod is forgotten.
      if (gone) offered.delete(pod.metadata.name);
      else offered.set(pod.metadata.name, count);
      const most = String(Math.max(0, ...offered.values()));
      const patch = { status: { capacity: { [gpuResource]: most }, allocatable: { [gpuResource]: most } } };
      await connection.request("PATCH", `${this.#path}/status`, signal, patch, strategicMergePatch);
    };
  }

  /** The machine goes off: nobody keeps the node's lease any more. A Node that is gone is fine. */
  async powerOff(signal: AbortSignal): Promise<void> {
    await this.#connected(async (connection) => {
      const patch = { metadata: { labels: { [powerLabel]: null } } };
      await connection.request("PATCH", this.#path, signal, patch, mergePatch).catch(ignoring(404));
    });
  }

  /** An orderly shutdown, which kubelet announces (reference: Kubernetes documentation, "Graceful node shutdown"). */
  async shutDown(signal: AbortSignal): Promise<void> {
    await this.powerOff(signal);
    const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const ready = {
      type: "Ready",
      status: "False",
      reason: "KubeletNotReady",
      message: "node is shutting down",
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    };
    await this.#connected(async (connection) => {
      const patch = { status: { conditions: [ready] } };
      await connection
        .request("PATCH", `${this.#path}/status`, signal, patch, strategicMergePatch)
        .catch(ignoring(404));
    });
  }

  get #path(): string {
    return `/api/v1/nodes/${this.document.nodeName}`;
  }

  async #connected<T>(work: (connection: ApiConnection) => Promise<T>): Promise<T> {
    const connection = new ApiConnection(this.server, this.credential);
    try {
      return await work(connection);
    } finally {
      connection.close();
    }
  }
}
