/**
 * Plays vCluster Platform's node providers and Metal3's operator, on any API server that has their kinds: hosts are registered, inspected, given to claims,
 * taken back and let go. No server is asked. Never for real use.
 */
import { referenceTo, type KubernetesApi, type KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { vmetalDefinitions } from "./definitions";
import { Rounds } from "../rounds";
import { freeHost, Hosts, type Host, type HostTroubles } from "../metal3/hosts";
import { PlayedObjects } from "../played-objects";
import { platform, type Claim, type Provider } from "./kinds";
import { Vclusters } from "./vcluster";

export interface VmetalOptions {
  /** Of the cluster that both run in, with all rights. */
  kubeconfig: string;
  /** Between two looks, in each of which a host takes one step. Default: 1000. */
  pollMs?: number;
  /** Kubeconfigs of the API servers that tenants' control planes are, by their clusters' names. */
  tenants?: Record<string, string>;
  /**
   * By what claims and hosts are known to belong together, which nobody has written down: the host names its claim, the claim its host, or neither.
   * Default: `consumerRef`.
   */
  names?: "consumerRef" | "serverName" | "nothing";
}

/** What can be wrong with it. */
export interface VmetalTroubles extends HostTroubles {
  /** Does nothing more; its finalizers stay. */
  gone?: boolean;
}

const claimFinalizer = "platform.example/claim";

export class Vmetal {
  readonly #api: KubernetesApi;
  readonly #rounds = new Rounds<VmetalTroubles>();
  readonly #objects: PlayedObjects;
  readonly #hosts: Hosts;
  readonly #vclusters: Vclusters;
  /** Names of the hosts that claims have, by theirs: what the platform knows. */
  readonly #taken = new Map<string, string>();

  constructor(private readonly options: VmetalOptions) {
    this.#api = kubernetesApi(options.kubeconfig, { timeoutMs: 10_000 });
    this.#objects = new PlayedObjects(this.#api, this.#rounds.signal);
    this.#hosts = new Hosts(this.#objects);
    this.#vclusters = new Vclusters(this.#api, options.tenants ?? {}, this.#rounds.signal);
  }

  /** Installs the definitions, and begins. */
  async start(): Promise<void> {
    for (const definition of vmetalDefinitions as KubernetesObject[])
      await this.#api.apply(definition, { fieldManager: "vmetal", force: true }, this.#rounds.signal);
    this.#rounds.start(() => this.#round(), this.options.pollMs ?? 1_000);
  }

  /** What goes wrong from now on, and nothing else. Ends when it sees it. */
  suffer(troubles: VmetalTroubles): Promise<void> {
    return this.#rounds.suffer(troubles);
  }

  async close(): Promise<void> {
    await this.#rounds.close();
  }

  async #round(): Promise<void> {
    if (this.#rounds.troubles.gone) return;
    const { signal } = this.#rounds;
    const providers = (await this.#api.list({ apiVersion: platform, kind: "NodeProvider" }, signal)) as Provider[];
    for (const provider of providers) await this.#serve(provider).catch(() => undefined);
    await this.#hosts.round(this.#rounds.troubles);
    const claims = (await this.#api.list({ apiVersion: platform, kind: "NodeClaim" }, signal)) as Claim[];
    for (const claim of claims) await this.#fulfil(claim, providers).catch(() => undefined);
    await this.#vclusters.round(claims);
  }

  async #serve(provider: Provider): Promise<void> {
    const conditions = ["Initialized", "Deployed"].map((type) => ({ type, status: "True" }));
    await this.#objects.say(provider, { phase: "Available", conditions });
  }

  /** A claim takes a free host of its type, and gives it back before it goes. */
  async #fulfil(claim: Claim, providers: readonly Provider[]): Promise<void> {
    const { name = "", namespace = "", deletionTimestamp } = claim.metadata;
    const provider = providers.find(({ metadata }) => metadata.name === claim.spec.providerRef);
    const hosts = await this.#hostsOf(provider);
    const own = hosts.find(({ metadata }) => metadata.name === this.#taken.get(`${namespace}/${name}`));
    if (deletionTimestamp !== undefined) return this.#giveBack(claim, own);
    await this.#objects.hold(claim, claimFinalizer);
    if (own !== undefined) return this.#report(claim, own);
    const taken = [...this.#taken.values()];
    const free = hosts.filter(({ metadata }) => !taken.includes(metadata.name!));
    const type = typeOf(claim, provider);
    const host = type && freeHost(free, type.bareMetalHosts?.selector?.matchLabels ?? {});
    if (host === undefined) return this.#tell(claim, "Pending", "Scheduled", "no free host of the type");
    this.#taken.set(`${namespace}/${name}`, host.metadata.name!);
    const { names = "consumerRef" } = this.options;
    const consumerRef = { apiVersion: platform, kind: "NodeClaim", name, namespace };
    if (names === "serverName") {
      const properties = { "metal3.vcluster.com/server-name": host.metadata.name };
      await this.#api.patch(referenceTo(claim), { spec: { properties } }, this.#rounds.signal);
    }
    const image = { url: "https://images.example.com/system.qcow2" };
    await this.#objects.change(host, { online: true, image, ...(names === "consumerRef" && { consumerRef }) });
  }

  /** The claim goes before its host is clean, as the platform may have it. */
  async #giveBack(claim: Claim, own: Host | undefined): Promise<void> {
    const { name = "", namespace = "" } = claim.metadata;
    if (own?.spec.image) return this.#objects.change(own, { image: null, online: false, consumerRef: null });
    this.#taken.delete(`${namespace}/${name}`);
    await this.#objects.release(claim, claimFinalizer);
  }

  async #report(claim: Claim, { status = {} }: Host): Promise<void> {
    if (status.operationalStatus === "error") return this.#tell(claim, "Failed", "Provisioned", status.errorMessage);
    if (status.provisioning?.state === "provisioned") return this.#tell(claim, "Available", "Joined");
    return this.#tell(claim, "Pending", "Provisioned", "the host is being written");
  }

  async #hostsOf(provider: Provider | undefined): Promise<Host[]> {
    const namespace = provider?.spec.metal3?.clusterRef.namespace;
    if (namespace === undefined) return [];
    return this.#hosts.all(namespace);
  }

  /** `message`: why the condition does not hold. */
  async #tell(claim: Claim, phase: string, type: string, message?: string): Promise<void> {
    const condition = { type, status: message === undefined ? "True" : "False", ...(message && { message }) };
    await this.#objects.say(claim, { phase, message: message ?? "", conditions: [condition] });
  }
}

type NodeType = NonNullable<NonNullable<Provider["spec"]["metal3"]>["nodeTypes"]>[number];

function typeOf({ spec }: Claim, provider: Provider | undefined): NodeType | undefined {
  return provider?.spec.metal3?.nodeTypes?.find(({ name }) => spec.typeRef === undefined || name === spec.typeRef);
}
