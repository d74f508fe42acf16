/** The few calls that a kubelet makes for its Node; kwok makes the many others. */
import type { NodeDocument } from "../../../bootstrap/document";
import { KubernetesApiError } from "../../../provider/kubernetes/api";
import { ApiConnection, type ApiServer, type Credential } from "../api-connection";
import type { MachineSpec } from "../machine";
import { powerLabel, powerOn } from "../power-label";
import { nodeObject } from "./node-object";

const mergePatch = "application/merge-patch+json";
const strategicMergePatch = "application/strategic-merge-patch+json";

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

  /** The machine goes off: nobody keeps the node's lease any more. A Node that is gone is fine. */
  async powerOff(signal: AbortSignal): Promise<void> {
    await this.#connected(async (connection) => {
      const patch = { metadata: { labels: { [powerLabel]: null } } };
      await connection.request("PATCH", this.#path, signal, patch, mergePatch).catch(ignoreNotFound);
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
        .catch(ignoreNotFound);
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

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof KubernetesApiError) || error.statusCode !== 404) throw error;
}
