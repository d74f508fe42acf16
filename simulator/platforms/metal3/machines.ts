/** Plays what Cluster API and its provider for Metal3 do with machines: each takes a free host, becomes a node, and gives the host back before it goes. */
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import type { PlayedObjects } from "../played-objects";
import type { Hosts, MachineTemplate } from "./hosts";
import {
  bootstrap,
  core,
  infrastructure,
  infrastructureReady,
  type Cluster,
  type Machine,
  type MachineSource,
} from "./kinds";
import { join, type Registration } from "./nodes";

interface Joining {
  joinConfiguration?: { nodeRegistration?: Registration };
}

const finalizer = "machine.cluster.x-k8s.io";
const clusterLabel = "cluster.x-k8s.io/cluster-name";
const controlPlaneLabel = "cluster.x-k8s.io/control-plane";
const deploymentLabel = "cluster.x-k8s.io/deployment-name";

/** Which template a part of a machine came from. */
const clonedFrom = "cluster.x-k8s.io/cloned-from-name";
/** What a machine was made of, as a word: by it the played controllers alone know the old ones. */
const madeOf = "cluster-api/made-of";

/** What each machine is made with. */
const kinds = {
  machine: { apiVersion: infrastructure, kind: "Metal3Machine" },
  joining: { apiVersion: bootstrap, kind: "KubeadmConfig" },
};

export class Machines {
  constructor(
    private readonly objects: PlayedObjects,
    private readonly hosts: Hosts,
  ) {}

  /** One step of each of the cluster's; how many there were. Workers begin once a machine of the control plane runs. */
  async round(cluster: Cluster, sources: readonly MachineSource[], workload: KubernetesApi): Promise<number> {
    const { name = "", namespace = "" } = cluster.metadata;
    const labelSelector = `${clusterLabel}=${name}`;
    const all = await this.objects.list<Machine>({ apiVersion: core, kind: "Machine", namespace, labelSelector });
    const wanted = sources.flatMap((source) =>
      Array.from({ length: source.quantity }, (_, index) => ({
        source,
        name: `${source.name}-${source.isControlPlane ? "cp-" : ""}${index}`,
      })),
    );
    const hasStarted = all.some(
      ({ metadata, status }) => metadata.labels?.[deploymentLabel] === undefined && status?.phase === "Running",
    );
    for (const each of wanted)
      if (!all.some((machine) => isNamed(machine, each.name))) await this.#make(cluster, each.name, each.source);
    const isGoing = ({ metadata }: Machine) => metadata.deletionTimestamp !== undefined;
    for (const source of sources) {
      const own = all.filter((machine) => wanted.some((each) => each.source === source && isNamed(machine, each.name)));
      const old = own.find(({ metadata }) => metadata.annotations?.[madeOf] !== wordsOf(source));
      // One after the other: there need be no more servers than machines.
      if (old !== undefined && !own.some(isGoing)) await this.objects.giveUp(old);
    }
    for (const machine of all) {
      const source = wanted.find((each) => each.name === machine.metadata.name)?.source;
      if (source === undefined) await this.objects.giveUp(machine);
      if (isGoing(machine)) await this.#takeBack(machine, workload);
      else if (source !== undefined && (source.isControlPlane || hasStarted))
        await this.#run(machine, source, workload);
      else await this.#tell(machine, "Pending", "waiting for the control plane to be initialized");
    }
    return all.length;
  }

  async #make(cluster: Cluster, name: string, source: MachineSource): Promise<void> {
    const { namespace = "" } = cluster.metadata;
    const apiGroup = "infrastructure.cluster.x-k8s.io";
    const labels = {
      [clusterLabel]: cluster.metadata.name!,
      [source.isControlPlane ? controlPlaneLabel : deploymentLabel]: source.isControlPlane ? "" : source.name,
    };
    const metadata = { name, namespace, labels };
    const configRef = { apiGroup: "bootstrap.cluster.x-k8s.io", kind: "KubeadmConfig", name };
    const spec = {
      clusterName: cluster.metadata.name,
      version: source.version,
      bootstrap: { configRef },
      infrastructureRef: { apiGroup, kind: "Metal3Machine", name },
    };
    const { api, signal } = this.objects;
    const parts = [
      { ...kinds.machine, from: source.machines, spec: await this.#machineTemplate(namespace, source) },
      { ...kinds.joining, from: source.joining, spec: {} },
    ];
    for (const { apiVersion, kind, from, spec: own } of parts)
      await api.apply(
        {
          apiVersion,
          kind,
          spec: own,
          metadata: { ...metadata, annotations: from === undefined ? {} : { [clonedFrom]: from } },
        },
        { fieldManager: "metal3", force: true },
        signal,
      );
    const machine = { ...metadata, finalizers: [finalizer], annotations: { [madeOf]: wordsOf(source) } };
    await api.create({ apiVersion: core, kind: "Machine", metadata: machine, spec }, signal);
  }

  async #run(machine: Machine, source: MachineSource, workload: KubernetesApi): Promise<void> {
    const { name = "", namespace = "" } = machine.metadata;
    const host = await this.hosts.take({ name, namespace }, await this.#machineTemplate(namespace, source));
    if (host === undefined) return this.#tell(machine, "Pending", "no available host found");
    if (host.status?.provisioning?.state !== "provisioned")
      return this.#tell(machine, "Provisioning", "the host is being written");
    const registration = await this.#registration(namespace, source);
    const { isControlPlane } = source;
    await join(workload, { name, registration, isControlPlane, uuid: host.metadata.uid! }, this.objects.signal);
    await this.#tell(machine, "Running");
  }

  async #takeBack(machine: Machine, workload: KubernetesApi): Promise<void> {
    const { name = "", namespace = "" } = machine.metadata;
    const { api, signal } = this.objects;
    await workload.delete({ apiVersion: "v1", kind: "Node", name }, undefined, signal);
    if (!(await this.hosts.giveBack({ name, namespace }))) return;
    for (const kind of Object.values(kinds)) await api.delete({ ...kind, namespace, name }, undefined, signal);
    await this.objects.release(machine, finalizer);
  }

  #machineTemplate(namespace: string, { machines }: MachineSource): Promise<MachineTemplate> {
    return this.#templateOf(namespace, infrastructure, "Metal3MachineTemplate", machines);
  }

  async #registration(namespace: string, { joining }: MachineSource): Promise<Registration> {
    if (joining === undefined) return {};
    const template = await this.#templateOf<Joining>(namespace, bootstrap, "KubeadmConfigTemplate", joining);
    return template.joinConfiguration?.nodeRegistration ?? {};
  }

  async #templateOf<T>(namespace: string, apiVersion: string, kind: string, name: string): Promise<T> {
    const found = await this.objects.api.read({ apiVersion, kind, namespace, name }, this.objects.signal);
    if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
    return (found as KubernetesObject & { spec: { template: { spec: T } } }).spec.template.spec;
  }

  async #tell(machine: Machine, phase: string, message?: string): Promise<void> {
    await this.objects.say(machine, { phase, conditions: [infrastructureReady("NotProvisioned", message)] });
  }
}

function isNamed({ metadata }: Machine, name: string): boolean {
  return metadata.name === name;
}

function wordsOf({ machines, joining, version }: MachineSource): string {
  return [machines, joining, version].join(" ");
}
