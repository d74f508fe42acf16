/**
 * Plays Cluster API with its providers for kubeadm and Metal3, and Metal3's operator, on any API server that has their kinds. What a cluster's control plane is,
 * somebody else runs; its machines become nodes there. Never for real use.
 */
import { referenceTo, type KubernetesApi, type KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { PlayedObjects } from "../played-objects";
import { Rounds } from "../rounds";
import { clusterApiDefinitions } from "./cluster-api-definitions";
import { Hosts, type HostTroubles } from "./hosts";
import { Machines } from "./machines";
import {
  core,
  infrastructure,
  infrastructureReady,
  type Cluster,
  type ControlPlane,
  type Deployment,
  type MachineSource,
} from "./kinds";

export interface ClusterApiOptions {
  /** Of the cluster that all of them run in, with all rights. */
  kubeconfig: string;
  /** Between two looks, in each of which a host takes one step. Default: 1000. */
  pollMs?: number;
  /** Kubeconfigs of the API servers that clusters' control planes are, by the clusters' names. */
  clusters: Record<string, string>;
}

/** What can be wrong with it. */
export interface ClusterApiTroubles extends HostTroubles {
  /** Does nothing more; its finalizers stay. */
  gone?: boolean;
  /** Lets no cluster go. */
  stuck?: boolean;
}

const finalizer = "cluster.cluster.x-k8s.io";
const control = "controlplane.cluster.x-k8s.io/v1beta2";

export class ClusterApi {
  readonly #api: KubernetesApi;
  readonly #rounds = new Rounds<ClusterApiTroubles>();
  readonly #objects: PlayedObjects;
  readonly #hosts: Hosts;
  readonly #machines: Machines;

  constructor(private readonly options: ClusterApiOptions) {
    this.#api = kubernetesApi(options.kubeconfig, { timeoutMs: 10_000 });
    this.#objects = new PlayedObjects(this.#api, this.#rounds.signal);
    this.#hosts = new Hosts(this.#objects);
    this.#machines = new Machines(this.#objects, this.#hosts);
  }

  /** Installs the definitions, and begins. */
  async start(): Promise<void> {
    for (const definition of clusterApiDefinitions as KubernetesObject[])
      await this.#api.apply(definition, { fieldManager: "cluster-api", force: true }, this.#rounds.signal);
    this.#rounds.start(() => this.#round(), this.options.pollMs ?? 1_000);
  }

  /** What goes wrong from now on, and nothing else. Ends when it sees it. */
  suffer(troubles: ClusterApiTroubles): Promise<void> {
    return this.#rounds.suffer(troubles);
  }

  async close(): Promise<void> {
    await this.#rounds.close();
  }

  async #round(): Promise<void> {
    const { troubles } = this.#rounds;
    if (troubles.gone) return;
    await this.#hosts.round(troubles);
    const clusters = await this.#objects.list<Cluster>({ apiVersion: core, kind: "Cluster" });
    for (const cluster of clusters) await this.#drive(cluster).catch(() => undefined);
  }

  async #drive(cluster: Cluster): Promise<void> {
    const { name = "", deletionTimestamp } = cluster.metadata;
    const kubeconfig = this.options.clusters[name];
    if (kubeconfig === undefined) return;
    const workload = kubernetesApi(kubeconfig);
    if (deletionTimestamp !== undefined) return this.#takeDown(cluster, workload);
    await this.#objects.hold(cluster, finalizer);
    if (!(await this.#hasEndpoint(cluster))) return this.#tell(cluster, "Pending", "no Metal3Cluster with an endpoint");
    await this.#tell(cluster, "Provisioned");
    await this.#writeKubeconfig(cluster, kubeconfig);
    await this.#machines.round(cluster, await this.#sources(cluster), workload);
  }

  async #hasEndpoint({ spec, metadata }: Cluster): Promise<boolean> {
    const { namespace = "" } = metadata;
    const { name } = spec.infrastructureRef;
    const reference = { apiVersion: infrastructure, kind: "Metal3Cluster", namespace, name };
    const found = await this.#api.read(reference, this.#rounds.signal);
    return (found?.["spec"] as { controlPlaneEndpoint?: object } | undefined)?.controlPlaneEndpoint !== undefined;
  }

  /** What machines come from: the control plane first. */
  async #sources({ metadata }: Cluster): Promise<MachineSource[]> {
    const { namespace = "", name = "" } = metadata;
    const planes = await this.#objects.list<ControlPlane>({
      apiVersion: control,
      kind: "KubeadmControlPlane",
      namespace,
    });
    const deployments = await this.#objects.list<Deployment>({
      apiVersion: core,
      kind: "MachineDeployment",
      namespace,
    });
    const isLiving = (object: KubernetesObject) => object.metadata.deletionTimestamp === undefined;
    for (const source of [...planes, ...deployments].filter(isLiving))
      await this.#objects.say(source, { observedGeneration: source.metadata["generation"] });
    return [
      ...planes
        .filter((plane) => plane.metadata.name === name && isLiving(plane))
        .map(({ spec }) => ({
          name,
          quantity: spec.replicas,
          version: spec.version,
          isControlPlane: true,
          machines: spec.machineTemplate.spec.infrastructureRef.name,
        })),
      ...deployments
        .filter((deployment) => deployment.spec.clusterName === name && isLiving(deployment))
        .map(({ metadata: own, spec }) => ({
          name: own.name!,
          quantity: spec.replicas,
          version: spec.template.spec.version,
          isControlPlane: false,
          machines: spec.template.spec.infrastructureRef.name,
          joining: spec.template.spec.bootstrap.configRef.name,
        })),
    ];
  }

  /** In its own order: machines first, and what they came from when all of them are gone. */
  async #takeDown(cluster: Cluster, workload: KubernetesApi): Promise<void> {
    if (this.#rounds.troubles.stuck) return;
    if ((await this.#machines.round(cluster, [], workload)) > 0) return;
    const { namespace = "", name = "" } = cluster.metadata;
    const own = [
      ...(await this.#objects.list<Deployment>({ apiVersion: core, kind: "MachineDeployment", namespace })).filter(
        ({ spec }) => spec.clusterName === name,
      ),
      ...[
        { apiVersion: control, kind: "KubeadmControlPlane" },
        { apiVersion: infrastructure, kind: "Metal3Cluster" },
      ].map((kind) => ({ ...kind, metadata: { namespace, name } })),
    ];
    for (const object of own) await this.#api.delete(referenceTo(object), undefined, this.#rounds.signal);
    const secret = { apiVersion: "v1", kind: "Secret", namespace, name: `${name}-kubeconfig` };
    await this.#api.delete(secret, undefined, this.#rounds.signal);
    await this.#objects.release(cluster, finalizer);
  }

  async #tell(cluster: Cluster, phase: string, message?: string): Promise<void> {
    await this.#objects.say(cluster, { phase, conditions: [infrastructureReady("NotReady", message)] });
  }

  async #writeKubeconfig({ metadata }: Cluster, kubeconfig: string): Promise<void> {
    const { name = "", namespace = "" } = metadata;
    const labels = { "cluster.x-k8s.io/cluster-name": name };
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: `${name}-kubeconfig`, namespace, labels },
      type: "cluster.x-k8s.io/secret",
      stringData: { value: kubeconfig },
    };
    await this.#api.apply(secret, { fieldManager: "cluster-api", force: true }, this.#rounds.signal);
  }
}
