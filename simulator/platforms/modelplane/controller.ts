/**
 * Plays Modelplane's composition of InferenceClusters, on any API server that has its definitions: for a cluster that exists it puts a gateway there with
 * the kubeconfig that it was given, for others it only counts the time that clouds take. Never for real use.
 */
import { messageOf } from "../../../sdk/message";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { InvalidKubeconfig, parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import type { KubernetesApi, KubernetesObject, ObjectReference } from "../../../provider/kubernetes/api";
import { held, released } from "../finalizers";
import { Rounds } from "../rounds";
import { modelplaneDefinitions } from "./definitions";
import { clusterLabel, inUseLabel, usageProtection } from "./usage";

export interface ModelplaneOptions {
  /** Of the cluster that Modelplane runs in, with all rights. */
  kubeconfig: string;
  /** Between two looks. Default: 1000. */
  pollMs?: number;
}

/** What can be wrong with it. */
export interface ModelplaneTroubles {
  /** Does nothing more, neither for what is new nor for what goes; its finalizers stay. */
  gone?: boolean;
  /** Takes clusters up, and never has their serving stack ready, nor takes it down. */
  stuck?: boolean;
  /** Looks that each step takes. Default: 1. */
  slow?: number;
}

interface InferenceCluster extends KubernetesObject {
  spec: {
    cluster: {
      source: string;
      existing?: { secretRef: { name: string; key: string }; cache?: { storageClassName: string } };
    };
    nodePools?: { name: string; className: string; zones?: string[] }[];
  };
}

interface Condition {
  type: string;
  status: "True" | "False";
  reason: string;
  message?: string;
}

const apiVersion = "modelplane.ai/v1alpha1";
const finalizer = "composite.apiextensions.crossplane.io";
const namespace = "modelplane-system";
const gateway = { apiVersion: "v1", kind: "Service", namespace, name: "inference-gateway" };

const is = (type: string, reason: string): Condition => ({ type, status: "True", reason });
const isNot = (type: string, reason: string, message?: string): Condition => ({
  type,
  status: "False",
  reason,
  ...(message !== undefined && { message }),
});

export class Modelplane {
  readonly #api: KubernetesApi;
  readonly #rounds = new Rounds<ModelplaneTroubles>();
  readonly #looks = new Map<string, number>();

  constructor(private readonly options: ModelplaneOptions) {
    this.#api = kubernetesApi(options.kubeconfig, { timeoutMs: 10_000 });
  }

  /** Installs the definitions and its namespace, and begins. */
  async start(): Promise<void> {
    const own = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
    for (const object of [...(modelplaneDefinitions as KubernetesObject[]), ...usageProtection, own])
      await this.#api.apply(object, { fieldManager: "modelplane", force: true }, this.#rounds.signal);
    this.#rounds.start(() => this.#round(), this.options.pollMs ?? 1_000);
  }

  /** What goes wrong from now on, and nothing else. Ends when it sees it. */
  suffer(troubles: ModelplaneTroubles): Promise<void> {
    return this.#rounds.suffer(troubles);
  }

  async close(): Promise<void> {
    await this.#rounds.close();
  }

  async #round(): Promise<void> {
    if (this.#rounds.troubles.gone) return;
    const clusters = await this.#api.list({ apiVersion, kind: "InferenceCluster" }, this.#rounds.signal);
    const replicas = await this.#api.list({ apiVersion, kind: "ModelReplica" }, this.#rounds.signal);
    const used = new Set(replicas.map(({ metadata }) => metadata.labels?.[clusterLabel]));
    for (const cluster of clusters as InferenceCluster[]) {
      await this.#protect(cluster, used.has(cluster.metadata.name)).catch(() => undefined);
      await this.#attend(cluster).catch(() => undefined);
    }
  }

  async #protect({ metadata }: InferenceCluster, isUsed: boolean): Promise<void> {
    if ((metadata.labels?.[inUseLabel] === "true") === isUsed) return;
    const labels = { [inUseLabel]: isUsed ? "true" : null };
    await this.#api.patch(
      { apiVersion, kind: "InferenceCluster", name: metadata.name! },
      { metadata: { labels } },
      this.#rounds.signal,
    );
  }

  async #attend(cluster: InferenceCluster): Promise<void> {
    const { name, deletionTimestamp } = cluster.metadata;
    const reference = { apiVersion, kind: "InferenceCluster", name: name! };
    if (deletionTimestamp !== undefined) {
      const end = released(cluster, finalizer);
      if (end && (await this.#takenDown(cluster))) await this.#api.patch(reference, end, this.#rounds.signal);
      return;
    }
    const beginning = held(cluster, finalizer);
    if (beginning) await this.#api.patch(reference, beginning, this.#rounds.signal);
    await this.#say(cluster, await this.#state(cluster));
  }

  /** Its conditions, the address of its gateway once it has one. */
  async #state(cluster: InferenceCluster): Promise<{ conditions: Condition[]; address?: string }> {
    const { nodePools = [], cluster: source } = cluster.spec;
    const creating = isNot("Ready", "Creating");
    const withoutZones = nodePools.filter(({ zones }) => ["EKS", "GKE"].includes(source.source) && !zones?.length);
    if (withoutZones.length > 0) {
      const message = `nodePools "${withoutZones[0]!.name}": zones: Required value`;
      return { conditions: [isNot("Synced", "ReconcileError", message), creating] };
    }
    const synced = is("Synced", "ReconcileSuccess");
    for (const { className } of nodePools) {
      const found = await this.#api.read({ apiVersion, kind: "InferenceClass", name: className }, this.#rounds.signal);
      if (found === undefined)
        return {
          conditions: [synced, isNot("ClusterReady", "WaitingForClasses", `InferenceClass ${className}`), creating],
        };
    }
    const steps = this.#rounds.troubles.slow ?? 1;
    const looks = (this.#looks.get(cluster.metadata.uid!) ?? 0) + 1;
    this.#looks.set(cluster.metadata.uid!, looks);
    if (source.existing === undefined && looks <= steps)
      return {
        conditions: [
          synced,
          isNot("ClusterReady", "Provisioning"),
          isNot("BackendReady", "WaitingForCluster"),
          creating,
        ],
      };
    // Of a cluster that exists it says so without having asked it.
    const running = [synced, is("ClusterReady", "ClusterRunning")];
    const installing = (message?: string) => ({
      conditions: [...running, isNot("BackendReady", "Installing", message), creating],
    });
    if (this.#rounds.troubles.stuck || looks <= 2 * steps) return installing();
    const failure = source.existing && (await this.#install(source.existing.secretRef));
    if (failure !== undefined) return installing(failure);
    return {
      conditions: [...running, is("BackendReady", "BackendHealthy"), is("Ready", "Available")],
      address: "192.0.2.80",
    };
  }

  async #say(
    { metadata, spec }: InferenceCluster,
    { conditions, address }: { conditions: Condition[]; address?: string },
  ): Promise<void> {
    const { existing } = spec.cluster;
    const status = {
      conditions,
      ...(address !== undefined && { gateway: { address } }),
      ...(existing?.cache && { cache: existing.cache }),
      namespace,
    };
    const path = { apiVersion, kind: "InferenceCluster", name: metadata.name! };
    await this.#api.patch(path, { status }, this.#rounds.signal, "status");
  }

  /** Why the serving stack is not there; undefined once it is. */
  async #install(secretRef: { name: string; key: string }): Promise<string | undefined> {
    try {
      const workload = await this.#workload(secretRef);
      const apply = (object: KubernetesObject) =>
        workload.apply(object, { fieldManager: "modelplane", force: true }, this.#rounds.signal);
      await apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      const { apiVersion, kind, ...metadata } = gateway;
      await apply({ apiVersion, kind, metadata, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } });
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  async #takenDown({ spec, metadata }: InferenceCluster): Promise<boolean> {
    if (this.#rounds.troubles.stuck || this.#rounds.troubles.gone) return false;
    const { existing } = spec.cluster;
    if (existing !== undefined) {
      // Without its kubeconfig it waits for ever.
      const workload = await this.#workload(existing.secretRef);
      for (const object of [gateway, { apiVersion: "v1", kind: "Namespace", name: namespace }] as ObjectReference[])
        await workload.delete(object, {}, this.#rounds.signal);
    }
    this.#looks.delete(metadata.uid!);
    return true;
  }

  async #workload({ name, key }: { name: string; key: string }): Promise<KubernetesApi> {
    const secret = await this.#api.read({ apiVersion: "v1", kind: "Secret", namespace, name }, this.#rounds.signal);
    const text = (secret?.["data"] as Record<string, string> | undefined)?.[key];
    if (text === undefined) throw new Error(`Secret ${namespace}/${name} has no ${key}`);
    const kubeconfig = Buffer.from(text, "base64").toString("utf8");
    // Its image has no credential plugin.
    if (parseKubeconfig(kubeconfig).credentials.kind === "other")
      throw new InvalidKubeconfig("exec: executable file not found in $PATH");
    return kubernetesApi(kubeconfig, { timeoutMs: 10_000 });
  }
}
