/**
 * Plays Michelangelo's controller manager for registered compute clusters, by the pods of its Deployment: the oldest leads, and what it has read
 * it keeps until it ends. Without pods it is gone. Never for real use.
 */
import { ApiConnection, type ApiServer, type Credential } from "../../machines/api-connection";
import { KubernetesApiError } from "../../../provider/kubernetes/api";
import { held, released } from "../finalizers";
import { Rounds } from "../rounds";

export interface ControllerManagerOptions {
  server: ApiServer;
  credential: Credential;
  deployment: { namespace: string; name: string };
  /** Between two looks at each cluster. Default: 30000, as the real one. */
  pollMs?: number;
  /** Its description says so, its code writes seconds. Default: seconds. */
  timestamps?: "seconds" | "milliseconds";
}

/** What can be wrong with it, besides having no pods. */
export interface Troubles {
  /** Takes clusters up, and neither asks them nor lets them go. */
  stuck?: boolean;
  /** Looks that it passes over before it says the first word of a cluster. */
  slow?: number;
}

interface Cluster {
  metadata: { name: string; uid: string; finalizers?: string[]; deletionTimestamp?: string };
  spec?: { kubernetes?: { rest?: { host?: string; port?: string; tokenTag?: string; caDataTag?: string } } };
}

interface Pod {
  metadata: { uid: string; creationTimestamp: string; deletionTimestamp?: string };
}

const finalizer = "clusters.michelangelo.uber.com/finalizer";
const clusters = "/apis/michelangelo.api/v2/namespaces/ma-system/clusters";
const mergePatch = "application/merge-patch+json";

export class ControllerManager {
  /** Of the pod that leads now: clients by `host:port`, for as long as it lives. */
  #memory = new Map<string, ApiConnection>();
  #leader: string | undefined;
  #looks = new Map<string, number>();
  readonly #api: ApiConnection;
  readonly #rounds = new Rounds<Troubles>();

  constructor(private readonly options: ControllerManagerOptions) {
    this.#api = new ApiConnection(options.server, options.credential);
    this.#rounds.start(() => this.#round(), options.pollMs ?? 30_000);
  }

  /** What goes wrong from now on, and nothing else. Ends when it sees it. */
  suffer(troubles: Troubles): Promise<void> {
    return this.#rounds.suffer(troubles);
  }

  async close(): Promise<void> {
    await this.#rounds.close();
    this.restart();
    this.#api.close();
  }

  async #round(): Promise<void> {
    const leader = await this.#leadingPod();
    if (leader !== this.#leader) this.restart();
    this.#leader = leader;
    if (leader === undefined) return;
    const { items } = await this.#get<{ items: Cluster[] }>(clusters);
    for (const cluster of items) await this.#attend(cluster).catch(() => undefined);
  }

  async #leadingPod(): Promise<string | undefined> {
    const { namespace, name } = this.options.deployment;
    const { spec } = await this.#get<{ spec: { selector: { matchLabels: Record<string, string> } } }>(
      `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
    );
    const selector = Object.entries(spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`);
    const { items } = await this.#get<{ items: Pod[] }>(
      `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector.join(","))}`,
    );
    const living = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const order = ({ metadata }: Pod) => `${metadata.creationTimestamp} ${metadata.uid}`;
    return living.sort((a, b) => (order(a) < order(b) ? -1 : 1))[0]?.metadata.uid;
  }

  async #attend(cluster: Cluster): Promise<void> {
    const { name, uid, deletionTimestamp } = cluster.metadata;
    const path = `${clusters}/${name}`;
    const { stuck, slow = 0 } = this.#rounds.troubles;
    if (deletionTimestamp !== undefined) {
      const end = released(cluster, finalizer);
      if (!stuck && end) await this.#patch(path, end);
      return;
    }
    const beginning = held(cluster, finalizer);
    if (beginning) await this.#patch(path, beginning);
    const looks = (this.#looks.get(uid) ?? 0) + 1;
    this.#looks.set(uid, looks);
    if (stuck || looks <= slow) return;
    const statusConditions = await this.#health(cluster);
    if (statusConditions !== undefined) await this.#patch(`${path}/status`, { status: { statusConditions } });
  }

  /** Undefined where nothing is written: what cannot be reached, and what refuses. */
  async #health(cluster: Cluster): Promise<object[] | undefined> {
    const { host = "", port = "", tokenTag = "", caDataTag = "" } = cluster.spec?.kubernetes?.rest ?? {};
    const place = `${host}:${port}`;
    let client = this.#memory.get(place);
    if (client === undefined) {
      const [token, certificateAuthority] = [
        await this.#secret(tokenTag, "token"),
        await this.#secret(caDataTag, "cadata"),
      ];
      client = new ApiConnection({ endpoint: place, certificateAuthority }, { token });
      this.#memory.set(place, client);
    }
    const unitMs = this.options.timestamps === "milliseconds" ? 1 : 1000;
    const condition = (type: string, isTrue: boolean, reason: string, message: string) => ({
      type,
      reason,
      message,
      status: isTrue ? "CONDITION_STATUS_TRUE" : "CONDITION_STATUS_FALSE",
      lastUpdatedTimestamp: String(Math.floor(Date.now() / unitMs)),
    });
    try {
      const answer = await client.request("GET", "/healthz", this.#rounds.signal);
      if (answer === "ok") return [condition("Ready", true, "ClusterReadyReason", "/healthz responded with ok")];
    } catch (error) {
      const { statusCode = 0 } = error instanceof KubernetesApiError ? error : {};
      if (statusCode < 400 || statusCode === 401 || statusCode >= 500) return undefined;
    }
    return [
      condition("Ready", false, "ClusterNotReadyReason", "/healthz responded without ok"),
      condition("Offline", false, "ClusterReachable", "cluster is reachable"),
    ];
  }

  /** A key that is missing is an empty text, and nobody's fault. */
  async #secret(name: string, key: string): Promise<string> {
    const { data = {} } = await this.#get<{ data?: Record<string, string> }>(
      `/api/v1/namespaces/default/secrets/${name}`,
    );
    return Buffer.from(data[key] ?? "", "base64").toString("utf8");
  }

  async #get<T>(path: string): Promise<T> {
    return this.#api.request<T>("GET", path, this.#rounds.signal);
  }

  async #patch(path: string, patch: object): Promise<void> {
    await this.#api.request("PATCH", path, this.#rounds.signal, patch, mergePatch);
  }

  /** As when its process ends and another begins. */
  restart(): void {
    for (const client of this.#memory.values()) client.close();
    this.#memory.clear();
  }
}
