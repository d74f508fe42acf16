/** Plays what Cluster API and its provider for Metal3 do with machines: each takes a free host, becomes a node, and gives the host back before it goes. */
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import type { PlayedObjects } from "../played-objects";
import { freeHost, type Host, type Hosts } from "./hosts";
import {
  bootstrap,
  core,
  infrastructure,
  infrastructureReady,
  type Cluster,
  type Machine,
  type MachineSource,
} from "./kinds";

interface MachineTemplate {
  image: object;
  hostSelector?: { matchLabels?: Record<string, string> };
}

interface Registration {
  kubeletExtraArgs?: { name: string; value: string }[];
  taints?: object[];
}

interface Joining {
  joinConfiguration?: { nodeRegistration?: Registration };
}

const finalizer = "machine.cluster.x-k8s.io";
const clusterLabel = "cluster.x-k8s.io/cluster-name";
const deploymentLabel = "cluster.x-k8s.io/deployment-name";

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
      if (!all.some(({ metadata }) => metadata.name === each.name)) await this.#make(cluster, each.name, each.source);
    for (const machine of all) {
      const source = wanted.find((each) => each.name === machine.metadata.name)?.source;
      if (source === undefined) await this.objects.giveUp(machine);
      if (machine.metadata.deletionTimestamp !== undefined) await this.#takeBack(machine, workload);
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
      ...(!source.isControlPlane && { [deploymentLabel]: source.name }),
    };
    const metadata = { name, namespace, labels };
    const spec = {
      clusterName: cluster.metadata.name,
      bootstrap: {},
      infrastructureRef: { apiGroup, kind: "Metal3Machine", name },
    };
    const template = await this.#machineTemplate(namespace, source);
    const { api, signal } = this.objects;
    await api.apply(
      { apiVersion: infrastructure, kind: "Metal3Machine", metadata, spec: template },
      { fieldManager: "metal3", force: true },
      signal,
    );
    const machine = { ...metadata, finalizers: [finalizer] };
    await api.create({ apiVersion: core, kind: "Machine", metadata: machine, spec }, signal);
  }

  async #run(machine: Machine, source: MachineSource, workload: KubernetesApi): Promise<void> {
    const { name = "", namespace = "" } = machine.metadata;
    const hosts = await this.hosts.all(namespace);
    const own = hostOf(machine, hosts);
    const template = await this.#machineTemplate(namespace, source);
    if (own === undefined) {
      const host = freeHost(hosts, template.hostSelector?.matchLabels ?? {});
      if (host === undefined) return this.#tell(machine, "Pending", "no available host found");
      const consumerRef = { apiVersion: infrastructure, kind: "Metal3Machine", name, namespace };
      return this.objects.change(host, { online: true, image: template.image, consumerRef });
    }
    if (own.status?.provisioning?.state !== "provisioned")
      return this.#tell(machine, "Provisioning", "the host is being written");
    await this.#join(machine, source, workload);
    await this.#tell(machine, "Running");
  }

  /** As Metal3's provider does it: the machine goes when its host is available again. */
  async #takeBack(machine: Machine, workload: KubernetesApi): Promise<void> {
    const { name = "", namespace = "" } = machine.metadata;
    const { api, signal } = this.objects;
    await workload.delete({ apiVersion: "v1", kind: "Node", name }, undefined, signal);
    const host = hostOf(machine, await this.hosts.all(namespace));
    if (host?.spec.image) return this.objects.change(host, { image: null, online: false });
    if (host !== undefined && host.status?.provisioning?.state !== "available") return;
    if (host !== undefined) await this.objects.change(host, { consumerRef: null });
    await api.delete({ apiVersion: infrastructure, kind: "Metal3Machine", namespace, name }, undefined, signal);
    await this.objects.release(machine, finalizer);
  }

  async #join(machine: Machine, source: MachineSource, workload: KubernetesApi): Promise<void> {
    const { name = "", namespace = "" } = machine.metadata;
    const node = { apiVersion: "v1", kind: "Node", name };
    if ((await workload.read(node, this.objects.signal)) !== undefined) return;
    const { kubeletExtraArgs = [], taints = [] } = await this.#registration(namespace, source);
    const said = kubeletExtraArgs.find((argument) => argument.name === "node-labels")?.value ?? "";
    // What cloud-init fills in is no label's value before.
    const pairs = said.split(",").map((pair) => pair.replace(/\{\{.*\}\}/, name).split("="));
    const labels = Object.fromEntries(pairs.filter(([key]) => key));
    const role = source.isControlPlane && { "node-role.kubernetes.io/control-plane": "" };
    const { apiVersion, kind } = node;
    await workload.create({ apiVersion, kind, metadata: { name, labels: { ...labels, ...role } }, spec: { taints } });
    // A node is not Ready at first, which the API server itself says by a taint.
    await workload.patch(node, { spec: { taints } });
    const conditions = [{ type: "Ready", status: "True", reason: "KubeletReady" }];
    await workload.patch(node, { status: { conditions } }, undefined, "status");
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

function hostOf({ metadata }: Machine, hosts: readonly Host[]): Host | undefined {
  return hosts.find(
    ({ spec }) => spec.consumerRef?.kind === "Metal3Machine" && spec.consumerRef.name === metadata.name,
  );
}
