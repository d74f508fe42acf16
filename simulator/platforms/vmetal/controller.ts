/**
 * Plays vCluster Platform's node providers and Metal3's operator, on any API server that has their kinds: hosts are registered, inspected, given to claims,
 * taken back and let go. No server is asked. Never for real use.
 */
import { referenceTo, type KubernetesApi, type KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { vmetalDefinitions } from "./definitions";
import { Rounds } from "../rounds";
import { metal3, platform, type Claim, type Host, type Provider } from "./kinds";
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
export interface VmetalTroubles {
  /** Does nothing more; its finalizers stay. */
  gone?: boolean;
  /** Hosts whose BMC does not answer, by name. */
  dead?: readonly string[];
  /** Hosts that fail while they are written, by name: their claims fail, and nobody replaces them. */
  broken?: readonly string[];
}

const hostFinalizer = "baremetalhost.metal3.io";
const claimFinalizer = "platform.example/claim";

/** What a host becomes by itself. */
const next: Readonly<Record<string, string>> = {
  "": "registering",
  registering: "inspecting",
  inspecting: "preparing",
  preparing: "available",
  provisioning: "provisioned",
  deprovisioning: "available",
};

export class Vmetal {
  readonly #api: KubernetesApi;
  readonly #rounds = new Rounds<VmetalTroubles>();
  readonly #vclusters: Vclusters;
  /** Names of the hosts that claims have, by theirs: what the platform knows. */
  readonly #taken = new Map<string, string>();

  constructor(private readonly options: VmetalOptions) {
    this.#api = kubernetesApi(options.kubeconfig, { timeoutMs: 10_000 });
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
    const hosts = (await this.#api.list({ apiVersion: metal3, kind: "BareMetalHost" }, signal)) as Host[];
    for (const host of hosts) await this.#drive(host).catch(() => undefined);
    const claims = (await this.#api.list({ apiVersion: platform, kind: "NodeClaim" }, signal)) as Claim[];
    for (const claim of claims) await this.#fulfil(claim, providers).catch(() => undefined);
    await this.#vclusters.round(claims);
  }

  async #serve(provider: Provider): Promise<void> {
    const conditions = ["Initialized", "Deployed"].map((type) => ({ type, status: "True" }));
    await this.#say(provider, { phase: "Available", conditions });
  }

  /** One step of a host, as Metal3 takes it. */
  async #drive(host: Host): Promise<void> {
    const { name = "", namespace = "", deletionTimestamp } = host.metadata;
    const state = host.status?.provisioning?.state ?? "";
    const failure = await this.#failure(host);
    if (failure !== undefined)
      return this.#say(host, { ...failure, operationalStatus: "error", provisioning: { state } });
    const to = (word: string) =>
      this.#say(host, { provisioning: { state: word }, operationalStatus: "OK", errorType: "", errorMessage: "" });
    if (deletionTimestamp !== undefined) {
      if (state === "provisioned" || state === "provisioning") return to("deprovisioning");
      if (state === "deprovisioning" || state === "available") return to("powering off before delete");
      return this.#release(host, hostFinalizer);
    }
    await this.#hold(host, hostFinalizer);
    if (state === "available" && host.spec.image) return to("provisioning");
    if ((state === "provisioned" || state === "provisioning") && !host.spec.image) return to("deprovisioning");
    if (state === "provisioning" && this.#rounds.troubles.broken?.includes(name))
      return this.#say(host, {
        ...{ provisioning: { state }, operationalStatus: "error", errorType: "provisioning error" },
        errorMessage: `Image provisioning failed: ${namespace}/${name} did not boot`,
      });
    if (next[state] !== undefined) await to(next[state]);
  }

  async #failure({ spec, metadata }: Host): Promise<{ errorType: string; errorMessage: string } | undefined> {
    const { name = "", namespace = "" } = metadata;
    const errorType = "registration error";
    if (this.#rounds.troubles.dead?.includes(name))
      return { errorType, errorMessage: `Failed to get power state: ${spec.bmc.address} does not answer` };
    const secret = { apiVersion: "v1", kind: "Secret", namespace, name: spec.bmc.credentialsName };
    const data = (await this.#api.read(secret, this.#rounds.signal))?.["data"] as Record<string, string> | undefined;
    return data?.["username"] && data["password"]
      ? undefined
      : { errorType, errorMessage: `BMC credentials in ${namespace}/${secret.name} are incomplete` };
  }

  /** A claim takes a free host of its type, and gives it back before it goes. */
  async #fulfil(claim: Claim, providers: readonly Provider[]): Promise<void> {
    const { name = "", namespace = "", deletionTimestamp } = claim.metadata;
    const provider = providers.find(({ metadata }) => metadata.name === claim.spec.providerRef);
    const hosts = await this.#hostsOf(provider);
    const own = hosts.find(({ metadata }) => metadata.name === this.#taken.get(`${namespace}/${name}`));
    if (deletionTimestamp !== undefined) return this.#giveBack(claim, own);
    await this.#hold(claim, claimFinalizer);
    if (own !== undefined) return this.#report(claim, own);
    const taken = [...this.#taken.values()];
    const free = hosts.filter(({ metadata }) => !taken.includes(metadata.name!));
    const host = freeHost(free, typeOf(claim, provider));
    if (host === undefined) return this.#tell(claim, "Pending", "Scheduled", "no free host of the type");
    this.#taken.set(`${namespace}/${name}`, host.metadata.name!);
    const { names = "consumerRef" } = this.options;
    const consumerRef = { apiVersion: platform, kind: "NodeClaim", name, namespace };
    if (names === "serverName") {
      const properties = { "metal3.vcluster.com/server-name": host.metadata.name };
      await this.#api.patch(referenceTo(claim), { spec: { properties } }, this.#rounds.signal);
    }
    const image = { url: "https://images.example.com/system.qcow2" };
    await this.#change(host, { online: true, image, ...(names === "consumerRef" && { consumerRef }) });
  }

  /** The claim goes before its host is clean, as the platform may have it. */
  async #giveBack(claim: Claim, own: Host | undefined): Promise<void> {
    const { name = "", namespace = "" } = claim.metadata;
    if (own?.spec.image) return this.#change(own, { image: null, online: false, consumerRef: null });
    this.#taken.delete(`${namespace}/${name}`);
    await this.#release(claim, claimFinalizer);
  }

  async #report(claim: Claim, { status = {} }: Host): Promise<void> {
    if (status.operationalStatus === "error") return this.#tell(claim, "Failed", "Provisioned", status.errorMessage);
    if (status.provisioning?.state === "provisioned") return this.#tell(claim, "Available", "Joined");
    return this.#tell(claim, "Pending", "Provisioned", "the host is being written");
  }

  async #hostsOf(provider: Provider | undefined): Promise<Host[]> {
    const namespace = provider?.spec.metal3?.clusterRef.namespace;
    if (namespace === undefined) return [];
    const query = { apiVersion: metal3, kind: "BareMetalHost", namespace };
    return (await this.#api.list(query, this.#rounds.signal)) as Host[];
  }

  /** `message`: why the condition does not hold. */
  async #tell(claim: Claim, phase: string, type: string, message?: string): Promise<void> {
    const condition = { type, status: message === undefined ? "True" : "False", ...(message && { message }) };
    await this.#say(claim, { phase, message: message ?? "", conditions: [condition] });
  }

  async #hold(object: KubernetesObject, finalizer: string): Promise<void> {
    const finalizers = finalizersOf(object);
    if (!finalizers.includes(finalizer)) await this.#finalizers(object, [...finalizers, finalizer]);
  }

  async #release(object: KubernetesObject, finalizer: string): Promise<void> {
    const finalizers = finalizersOf(object);
    const kept = finalizers.filter((each) => each !== finalizer);
    if (kept.length !== finalizers.length) await this.#finalizers(object, kept);
  }

  async #finalizers(object: KubernetesObject, finalizers: readonly string[]): Promise<void> {
    await this.#api.patch(referenceTo(object), { metadata: { finalizers } }, this.#rounds.signal);
  }

  async #change(host: Host, spec: object): Promise<void> {
    await this.#api.patch(referenceTo(host), { spec }, this.#rounds.signal);
  }

  async #say(object: KubernetesObject, status: object): Promise<void> {
    await this.#api.patch(referenceTo(object), { status }, this.#rounds.signal, "status");
  }
}

type NodeType = NonNullable<NonNullable<Provider["spec"]["metal3"]>["nodeTypes"]>[number];

function typeOf({ spec }: Claim, provider: Provider | undefined): NodeType | undefined {
  return provider?.spec.metal3?.nodeTypes?.find(({ name }) => spec.typeRef === undefined || name === spec.typeRef);
}

function freeHost(hosts: readonly Host[], type: NodeType | undefined): Host | undefined {
  if (type === undefined) return undefined;
  const wanted = Object.entries(type.bareMetalHosts?.selector?.matchLabels ?? {});
  return hosts.find(
    ({ spec, status, metadata }) =>
      status?.provisioning?.state === "available" &&
      (spec.consumerRef ?? undefined) === undefined &&
      metadata.deletionTimestamp === undefined &&
      wanted.every(([key, value]) => metadata.labels?.[key] === value),
  );
}

function finalizersOf({ metadata }: KubernetesObject): string[] {
  return (metadata["finalizers"] as string[] | undefined) ?? [];
}
