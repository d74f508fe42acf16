/**
 * Plays Metal3's operator and its provider for Cluster API, by the contract that Cluster API has for its providers, beside Cluster API's own controllers. A
 * server that was written joins the API server that its cluster's kubeconfig names, which somebody else runs. Never for real use.
 */
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { PlayedObjects } from "../played-objects";
import { Rounds } from "../rounds";
import { Hosts, type Host, type HostTroubles, type MachineTemplate } from "./hosts";
import { core, infrastructure, type Machine } from "./kinds";
import { join } from "./nodes";
import { registrationIn } from "./user-data";

export interface Metal3ProviderOptions {
  /** Of the cluster that all of them run in, with all rights. */
  kubeconfig: string;
  /** Between two looks, in each of which a host takes one step. Default: 1000. */
  pollMs?: number;
}

interface Metal3Machine extends KubernetesObject {
  spec: MachineTemplate & { providerID?: string };
}

const clusterLabel = "cluster.x-k8s.io/cluster-name";
const controlPlaneLabel = "cluster.x-k8s.io/control-plane";
const clusterFinalizer = "metal3cluster.infrastructure.cluster.x-k8s.io";
const machineFinalizer = "metal3machine.infrastructure.cluster.x-k8s.io";

export class Metal3Provider {
  readonly #api: KubernetesApi;
  readonly #rounds = new Rounds<HostTroubles>();
  readonly #objects: PlayedObjects;
  readonly #hosts: Hosts;

  constructor(private readonly options: Metal3ProviderOptions) {
    this.#api = kubernetesApi(options.kubeconfig, { timeoutMs: 10_000 });
    this.#objects = new PlayedObjects(this.#api, this.#rounds.signal);
    this.#hosts = new Hosts(this.#objects);
  }

  start(): void {
    this.#rounds.start(() => this.#round(), this.options.pollMs ?? 1_000);
  }

  /** What goes wrong from now on, and nothing else. Ends when it sees it. */
  suffer(troubles: HostTroubles): Promise<void> {
    return this.#rounds.suffer(troubles);
  }

  async close(): Promise<void> {
    await this.#rounds.close();
  }

  async #round(): Promise<void> {
    await this.#hosts.round(this.#rounds.troubles);
    const clusters = await this.#objects.list({ apiVersion: infrastructure, kind: "Metal3Cluster" });
    for (const cluster of clusters) await this.#driveCluster(cluster).catch(() => undefined);
    const machines = await this.#objects.list<Metal3Machine>({ apiVersion: infrastructure, kind: "Metal3Machine" });
    for (const machine of machines) await this.#driveMachine(machine).catch(() => undefined);
  }

  /** It is a cluster's once Cluster API says whose. */
  async #driveCluster(cluster: KubernetesObject): Promise<void> {
    if (cluster.metadata.deletionTimestamp !== undefined) return this.#objects.release(cluster, clusterFinalizer);
    if (ownerOf(cluster, "Cluster") === undefined) return;
    await this.#objects.hold(cluster, clusterFinalizer);
    await this.#objects.say(cluster, { ready: true, ...provisioned() });
  }

  async #driveMachine(own: Metal3Machine): Promise<void> {
    const place = { name: own.metadata.name!, namespace: own.metadata.namespace! };
    if (own.metadata.deletionTimestamp !== undefined) {
      if (await this.#hosts.giveBack(place)) await this.#objects.release(own, machineFinalizer);
      return;
    }
    const userData = await this.#userData(own);
    if (userData === undefined) return this.#wait(own, "WaitingForBootstrapData", "");
    await this.#objects.hold(own, machineFinalizer);
    const host = await this.#hosts.take(place, own.spec);
    if (host === undefined) return this.#wait(own, "AssociateBMHFailed", "no available host found");
    if (host.status?.provisioning?.state !== "provisioned")
      return this.#wait(own, "BMHNotProvisioned", "the host is being written");
    await this.#boot(own, host, userData);
  }

  /** What the machine is told; undefined while nobody has written it. */
  async #userData(own: Metal3Machine): Promise<string | undefined> {
    const { namespace } = own.metadata;
    const name = ownerOf(own, "Machine");
    if (name === undefined || namespace === undefined) return undefined;
    const { signal } = this.#rounds;
    const machine = await this.#api.read({ apiVersion: core, kind: "Machine", namespace, name }, signal);
    const secret = (machine as (Machine & { spec?: { bootstrap?: { dataSecretName?: string } } }) | undefined)?.spec
      ?.bootstrap?.dataSecretName;
    return secret === undefined ? undefined : this.#secret(namespace, secret);
  }

  async #boot(own: Metal3Machine, host: Host, userData: string): Promise<void> {
    const { name = "", namespace = "", labels = {} } = own.metadata;
    const { signal } = this.#rounds;
    const kubeconfig = await this.#secret(namespace, `${labels[clusterLabel]}-kubeconfig`);
    const registration = registrationIn(userData);
    if (kubeconfig === undefined || registration === undefined) return;
    const workload = kubernetesApi(kubeconfig);
    const isControlPlane = labels[controlPlaneLabel] !== undefined;
    if (isControlPlane) await initialize(workload, signal);
    const uuid = host.metadata.uid!;
    await join(workload, { name, registration, isControlPlane, uuid }, signal);
    const providerID = `metal3://${namespace}/${host.metadata.name}/${name}`;
    const labelSelector = `metal3.io/uuid=${uuid}`;
    const [node] = await workload.list({ apiVersion: "v1", kind: "Node", labelSelector }, signal);
    if (node === undefined) return this.#wait(own, "SettingProviderIDOnNodeFailed", "no node has the host's uuid");
    await workload.patch({ apiVersion: "v1", kind: "Node", name }, { spec: { providerID } }, signal);
    await this.#objects.change(own, { providerID });
    const addresses = [{ type: "Hostname", address: name }];
    await this.#objects.say(own, { ready: true, addresses, ...provisioned() });
  }

  async #secret(namespace: string, name: string): Promise<string | undefined> {
    const found = await this.#api.read({ apiVersion: "v1", kind: "Secret", namespace, name }, this.#rounds.signal);
    const value = (found?.["data"] as Record<string, string> | undefined)?.["value"];
    return value && Buffer.from(value, "base64").toString();
  }

  async #wait(own: Metal3Machine, reason: string, message: string): Promise<void> {
    await this.#objects.say(own, { ready: false, conditions: [ready("False", reason, message)] });
  }
}

function ownerOf({ metadata }: KubernetesObject, kind: string): string | undefined {
  const owners = (metadata["ownerReferences"] ?? []) as { kind: string; name: string }[];
  return owners.find((owner) => owner.kind === kind)?.name;
}

function provisioned(): object {
  return { initialization: { provisioned: true }, conditions: [ready("True", "Provisioned", "")] };
}

function ready(status: string, reason: string, message: string): object {
  return { type: "Ready", status, reason, message, lastTransitionTime: new Date().toISOString() };
}

/** What `kubeadm init` leaves, by which its provider knows that it ran. */
async function initialize(workload: KubernetesApi, signal: AbortSignal): Promise<void> {
  const metadata = { name: "kubeadm-config", namespace: "kube-system" };
  const data = { ClusterConfiguration: "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n" };
  await workload.apply(
    { apiVersion: "v1", kind: "ConfigMap", metadata, data },
    { fieldManager: "kubeadm", force: true },
    signal,
  );
}
