/** The whole server on loopback, with clouds and nodes in memory. */
import { pino } from "pino";
import { Autoscaler, type AutoscalerTiming } from "../../autoscaler/autoscaler";
import type { AutoscalerConfig } from "../../autoscaler/config";
import type { GroupDriver } from "../../autoscaler/group/reconciler";
import {
  KubernetesApiError,
  type DeleteOptions,
  type KubernetesApi,
  type KubernetesObject,
} from "../../provider/kubernetes/api";
import { ProtocolClient } from "../../simulator/machines/cluster-autoscaler/protocol-client";

export const quickTiming: AutoscalerTiming = {
  idleMs: 200,
  firstMs: 10,
  longestMs: 50,
  gatherMs: 5,
  patienceMs: 50,
  callMs: 5_000,
  staleMs: 100,
  joinMs: 300,
  nodesMs: 20,
  newcomersMs: 5,
  nodeGraceMs: 100,
  silenceMs: 5_000,
  startMs: 5_000,
  accessMs: 500,
};

/** An API server that has nodes and pods, and keeps what is created. */
export class FakeKubernetes implements Pick<KubernetesApi, "list" | "patch" | "delete" | "create" | "read" | "evict"> {
  nodes: KubernetesObject[] = [];
  pods: KubernetesObject[] = [];
  readonly created: KubernetesObject[] = [];
  /** How often nodes were asked for. */
  readings = 0;
  readonly evicted: string[] = [];

  async list({ kind, labelSelector }: { kind: string; labelSelector?: string }): Promise<KubernetesObject[]> {
    if (kind !== "Node") return [...this.pods];
    if (labelSelector !== undefined)
      return this.nodes.filter(({ metadata }) => !(labelSelector.slice(1) in (metadata.labels ?? {})));
    this.readings++;
    return [...this.nodes];
  }

  async read({ name }: { name: string }): Promise<KubernetesObject | undefined> {
    return this.nodes.find(({ metadata }) => metadata.name === name);
  }

  async patch(
    { name }: { name: string },
    { metadata, spec }: { metadata?: { labels: object }; spec?: object },
  ): Promise<KubernetesObject> {
    const node = (await this.read({ name }))!;
    node["spec"] = { ...(node["spec"] as object), ...spec };
    node.metadata.labels = { ...node.metadata.labels, ...metadata?.labels };
    return node;
  }

  async delete({ name }: { name: string }, { uid }: DeleteOptions = {}): Promise<void> {
    const there = await this.read({ name });
    if (uid !== undefined && there && there.metadata.uid !== uid)
      throw new KubernetesApiError(`Precondition failed: UID in precondition: ${uid}`, 409, "Conflict");
    this.nodes = this.nodes.filter(({ metadata }) => metadata.name !== name);
  }

  async create(object: KubernetesObject): Promise<KubernetesObject> {
    this.created.push(object);
    return object;
  }

  async evict({ name }: { name: string }): Promise<void> {
    this.evicted.push(name);
    this.pods = this.pods.filter(({ metadata }) => metadata.name !== name);
  }

  /** A node that its cloud, and not this package, made. */
  strangeNode(name: string, { providerId = "", address = "", labels = {} } = {}): void {
    this.nodes.push({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels, creationTimestamp: new Date().toISOString() },
      spec: providerId === "" ? {} : { providerID: providerId },
      status: { addresses: [{ type: "InternalIP", address }], conditions: [{ type: "Ready", status: "True" }] },
    });
  }

  node(name: string, { group = "gpu", providerId = `fake:///${name}`, ready = true, labels = {} } = {}): void {
    this.nodes.push({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: { "gpu-clusters/cluster": "train", "gpu-clusters/node-group": group, ...labels } },
      spec: { providerID: providerId },
      status: { conditions: [{ type: "Ready", status: ready ? "True" : "Unknown" }] },
    });
  }
}

export interface TestServer {
  readonly autoscaler: Autoscaler;
  readonly kubernetes: FakeKubernetes;
  readonly client: ProtocolClient;
  readonly address: string;
  readonly health: string;
  /** Lines of the log. */
  readonly lines: string[];
  close(): Promise<void>;
}

export interface TestServerOptions {
  readonly clouds: Readonly<Record<string, GroupDriver>>;
  readonly bounds?: { minSize: number; maxSize: number };
  readonly kubernetes?: FakeKubernetes;
  readonly timing?: Partial<AutoscalerTiming>;
  /** Of a socket. */
  readonly address?: string;
  /** To Vault. */
  readonly login?: () => Promise<void>;
}

export async function startServer({
  clouds,
  bounds = { minSize: 0, maxSize: 10 },
  kubernetes = new FakeKubernetes(),
  timing = {},
  address = "127.0.0.1:0",
  login,
}: TestServerOptions): Promise<TestServer> {
  const config: AutoscalerConfig = {
    clusterName: "train",
    address,
    healthPort: 0,
    gpuLabel: "gpu-clusters/gpu",
    providers: {},
    groups: Object.keys(clouds).map((name) => ({ cloud: "fake", name, spec: {}, owner: `urn:${name}`, ...bounds })),
  };
  const lines: string[] = [];
  const autoscaler = new Autoscaler({
    config,
    host: "127.0.0.1",
    kubernetes: kubernetes as unknown as KubernetesApi,
    log: pino({}, { write: (line: string) => void lines.push(line) }),
    timing: { ...quickTiming, ...timing },
    open: async ({ name }) => clouds[name]!,
    login,
  });
  const { port, healthPort } = await autoscaler.start();
  const served = address.startsWith("unix:") ? address : `127.0.0.1:${port}`;
  const client = new ProtocolClient(served);
  return {
    autoscaler,
    kubernetes,
    client,
    address: served,
    health: `http://127.0.0.1:${healthPort}`,
    lines,
    async close() {
      client.close();
      await autoscaler.stop();
    },
  };
}
