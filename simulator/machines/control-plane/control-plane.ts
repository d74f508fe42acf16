/**
 * A control-plane machine: etcd and Kubernetes' own binaries on the machine's address, and kwok for the kubelets. One of several has an
 * `endpoint` in its document, and with a `bootstrapToken` it joins the cluster that answers there.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ControlPlaneDocument, NodeDocument } from "../../../bootstrap/document";
import { pinnedVersion } from "../../../toolchain/tools";
import { KubernetesApiError } from "../../../provider/kubernetes/api";
import { ApiConnection, type ApiServer } from "../api-connection";
import type { Disk } from "../light/disk";
import { requireLoopbackAddress } from "../light/loopback-address";
import type { Role } from "../light/role";
import { SupervisedProcess, type Service } from "../light/supervised-process";
import type { MachineSpec } from "../machine";
import { powerLabel, powerOn } from "../power-label";
import { AutoscalerPod } from "../worker/autoscaler-pod";
import { Kubelet } from "../worker/kubelet";
import { kubeletWords } from "../worker/kubelet-words";
import { clusterObjects } from "./cluster-objects";
import { apiServer, controllerManager, etcd, kwok, scheduler, type ControlPlaneTools } from "./components";
import { etcdMembership, promoteEtcd, type EtcdIdentity, type EtcdMembership } from "./etcd-membership";
import { NodeApprover } from "./node-approver";
import { writeControlPlaneFiles, type ControlPlaneFiles } from "./files";
import { PodReminder } from "./pod-reminder";
import { VolumeProvisioner } from "./volume-provisioner";

const apiPollMs = 50;
const apiTimeoutMs = 120_000;
/** How long a machine that goes off waits for the others. */
const farewellTimeoutMs = 2_000;
const controlPlaneLabel = "node-role.kubernetes.io/control-plane";

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
  #joining: Promise<void> = Promise.resolve();
  #settling: Promise<void> = Promise.resolve();
  #approving: Promise<void> = Promise.resolve();
  #provisioning: Promise<void> = Promise.resolve();
  #reminding: Promise<void> = Promise.resolve();
  #attending: Promise<void> = Promise.resolve();
  #autoscaler: AutoscalerPod | undefined;
  /** As one of several: its kubelet, by the others' API servers. */
  #kubelet: Kubelet | undefined;

  constructor(
    private readonly surroundings: ControlPlaneSurroundings,
    private readonly document: NodeDocument,
  ) {
    if (document.controlPlane === undefined)
      throw new Error("the node document of a control plane has no controlPlane section");
    this.#controlPlane = document.controlPlane;
  }

  async start(): Promise<void> {
    const { spec, disk } = this.surroundings;
    await requireLoopbackAddress(spec.address);
    this.#tellVersion();
    const files = await writeControlPlaneFiles(
      disk.path("kubernetes"),
      spec.address,
      this.document,
      this.#controlPlane,
    );
    const shared = this.#sharedServer();
    if (shared) this.#kubelet = new Kubelet(shared, files.kubelet, this.document, spec);
    if (!shared || this.document.bootstrapToken === undefined) return this.#run(files);
    this.#joining = this.#join(shared, files).catch((error: unknown) => {
      if (!this.#power.signal.aborted)
        disk.note(`kubeadm: error execution phase control-plane-join: ${kubeletWords(error)}`);
    });
  }

  /** The computer has the binaries of one version. */
  #tellVersion(): void {
    const [asked, given] = [this.document.kubernetesVersion, pinnedVersion("kube-apiserver")];
    if (asked === given) return;
    this.surroundings.disk.note(`light machines run Kubernetes ${given}, which this computer has, and not ${asked}`);
  }

  /** Those who write first, the store last. */
  async stop(): Promise<void> {
    await this.#end();
    await this.#farewell((kubelet, signal) => kubelet.shutDown(signal));
  }

  async cut(): Promise<void> {
    this.#endCalls();
    await this.#joining;
    await Promise.all(this.#processes.map((process) => process.kill()));
    await Promise.all([this.#settling, this.#approving, this.#provisioning, this.#reminding, this.#attending]);
    await this.#autoscaler?.end();
    await this.#farewell((kubelet, signal) => kubelet.powerOff(signal));
  }

  async close(): Promise<void> {
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#endCalls();
    await this.#joining;
    await this.#attending;
    await this.#autoscaler?.end();
    const [store, server, ...clients] = this.#processes;
    await Promise.all(clients.map((client) => client.stop(500)));
    await server?.stop(2_000);
    await store?.stop(1_000);
    await Promise.all([this.#settling, this.#approving, this.#provisioning, this.#reminding]);
  }

  /** Where the API servers of several machines answer. */
  #sharedServer(): ApiServer | undefined {
    const { endpoint, certificateAuthority, tlsServerName } = this.document;
    if (endpoint === undefined) return undefined;
    return { endpoint, certificateAuthority, ...(tlsServerName !== undefined && { serverName: tlsServerName }) };
  }

  async #join(shared: ApiServer, files: ControlPlaneFiles): Promise<void> {
    const { disk, spec } = this.surroundings;
    const { nodeName } = this.document;
    const own: EtcdIdentity = {
      name: nodeName,
      address: spec.address,
      certificateAuthority: this.#controlPlane.etcdCa.certificate,
      client: files.etcdClient,
    };
    const file = disk.path("etcd-membership.json");
    const api = new ApiConnection(shared, files.admin);
    const membership = await this.#answered((signal) =>
      etcdMembership(file, own, () => controlPlaneAddresses(api, signal), signal),
    ).finally(() => api.close());
    disk.note(`kubeadm: etcd member ${membership.id} joins ${membership.others.join(", ")}`);
    this.#run(files, membership, (signal) => this.#answered(() => promoteEtcd(file, own, membership, signal), signal));
  }

  /** @param enter what has to be done before the API server can use its etcd */
  #run(
    files: ControlPlaneFiles,
    membership?: EtcdMembership,
    enter: (signal: AbortSignal) => Promise<void> = () => Promise.resolve(),
  ): void {
    const { spec, disk, tools } = this.surroundings;
    const api = (this.#connection = new ApiConnection(files.server, files.admin));
    const settings = {
      tools,
      address: spec.address,
      nodeName: this.document.nodeName,
      files,
      dataDirectory: disk.path("etcd"),
      controlPlane: this.#controlPlane,
      isOneOfSeveral: this.document.endpoint !== undefined,
      membership,
    };
    const services: Service[] = [
      etcd(settings),
      {
        ...apiServer(settings),
        prepare: async (signal) => {
          await enter(signal);
          this.#settleBehind(api, files);
        },
      },
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
    const { signal } = this.#power;
    const note = (message: string) => disk.note(message);
    this.#approving = new NodeApprover({ api, note }).run(signal);
    this.#provisioning = new VolumeProvisioner(api).run(signal);
    this.#reminding = new PodReminder({ api, isPowered: this.surroundings.isPowered, note }).run(signal);
  }

  /** Best effort, to the machines that go on: none may be left. */
  async #farewell(say: (kubelet: Kubelet, signal: AbortSignal) => Promise<void>): Promise<void> {
    if (!this.#kubelet) return;
    await say(this.#kubelet, AbortSignal.timeout(farewellTimeoutMs)).catch((error: unknown) =>
      this.surroundings.disk.note(
        `kubelet: could not tell the API server that the node goes off: ${kubeletWords(error)}`,
      ),
    );
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
    const { endpoint = files.server.endpoint } = this.document;
    for (const { collection, object } of clusterObjects(this.document, this.#controlPlane, endpoint)) {
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
    this.#autoscaler = new AutoscalerPod({ server: files.server, spec, disk });
    this.#attending = kubelet.attendPods(this.#autoscaler, this.#power.signal);
    disk.note("kubeadm: your Kubernetes control-plane has initialized successfully");
  }

  #mark(): object {
    return {
      metadata: {
        labels: {
          ...this.document.labels,
          [controlPlaneLabel]: "",
          "node.kubernetes.io/exclude-from-external-load-balancers": "",
        },
      },
      spec: { taints: this.#taints() },
    };
  }

  /** The document's own, and kubeadm's default where the document does not name it. */
  #taints(): NodeDocument["taints"] {
    const { taints } = this.document;
    const key = controlPlaneLabel;
    return taints.some((taint) => taint.key === key) ? taints : [...taints, { key, effect: "NoSchedule" }];
  }

  /**
   * Before each start of kwok. It takes a new identity each time and would wait until the leases of its last one run out, unless they are
   * another kwok's, and machines that went off while there was no API server are still marked as on.
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
    if (this.document.endpoint === undefined)
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

/** Of the machines that serve the cluster already. */
async function controlPlaneAddresses(api: ApiConnection, signal: AbortSignal): Promise<string[]> {
  const path = `/api/v1/nodes?labelSelector=${encodeURIComponent(controlPlaneLabel)}`;
  const { items } = await api.request<{ items: { status: { addresses: { type: string; address: string }[] } }[] }>(
    "GET",
    path,
    signal,
  );
  return items.flatMap(({ status }) =>
    status.addresses.filter(({ type }) => type === "InternalIP").map(({ address }) => address),
  );
}
