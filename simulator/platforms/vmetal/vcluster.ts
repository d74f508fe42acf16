/**
 * Plays vCluster's control planes with private nodes, as its chart would start them, on an API server that somebody else runs for each: what the host cluster
 * has of them, the machines that they claim, and the nodes that these become. Never for real use.
 */
import type { KubernetesApi, KubernetesObject, ObjectReference } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { parseKubeconfig, renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { platform, releases, type Claim } from "./kinds";

interface Pool {
  name: string;
  quantity: number;
  nodeTypeSelector?: { property: string; value?: string; values?: string[] }[];
  nodeLabels?: Record<string, string>;
  taints?: object[];
}

interface Release extends KubernetesObject {
  spec: {
    chart: string;
    values?: {
      privateNodes?: { autoNodes?: { provider: string; static?: Pool[] }[] };
      controlPlane?: { service?: { spec?: { type?: string } } };
      exportKubeConfig?: { server?: string; serviceAccount?: { name: string; clusterRole: string } };
    };
  };
}

const options = { fieldManager: "vcluster", force: true };
const connection = "vcluster-platform-api-key";

export class Vclusters {
  /** @param tenants kubeconfigs of the API servers that are the tenants' control planes, by the clusters' names */
  constructor(
    private readonly api: KubernetesApi,
    private readonly tenants: Readonly<Record<string, string>>,
    private readonly signal: AbortSignal,
  ) {}

  async round(claims: readonly Claim[]): Promise<void> {
    const all = (await this.api.list(releases, this.signal)) as Release[];
    for (const release of all) await this.#run(release, claims).catch(() => undefined);
    // The platform gives back what a cluster had that is gone.
    const names = new Set(all.map(({ metadata }) => metadata.name));
    for (const { spec, metadata } of claims)
      if (!names.has(spec.vClusterRef) && metadata.labels?.["pool"] !== undefined) await this.#giveUp(metadata);
    for (const [name, kubeconfig] of Object.entries(this.tenants))
      if (!names.has(name)) await this.#nodes(name, kubernetesApi(kubeconfig), [], []).catch(() => undefined);
  }

  async #run(release: Release, claims: readonly Claim[]): Promise<void> {
    const { name = "", namespace = "" } = release.metadata;
    const tenant = this.tenants[name];
    const project = await this.#project(namespace);
    // With private nodes it ends at once where it has no platform.
    if (tenant === undefined || project === undefined) return;
    await this.#offer(release, await this.#kubeconfig(release, tenant));
    const own = claims.filter(({ spec }) => spec.vClusterRef === name);
    const pools = poolsOf(release);
    await this.#claim(name, `p-${project}`, pools, own);
    await this.#nodes(name, kubernetesApi(tenant), pools, own);
  }

  async #project(namespace: string): Promise<string | undefined> {
    const secret = await this.api.read({ apiVersion: "v1", kind: "Secret", namespace, name: connection }, this.signal);
    const { accessKey, host, project } = (secret?.["data"] ?? {}) as Record<string, string>;
    return accessKey && host && project ? Buffer.from(project, "base64").toString("utf8") : undefined;
  }

  /** Its Service, and its Secret with the kubeconfig, both of which go with the release. */
  async #offer({ spec, apiVersion, kind, metadata }: Release, config: string): Promise<void> {
    const { name = "", namespace = "", uid = "" } = metadata;
    const ownerReferences = [{ apiVersion, kind, name, uid }];
    const type = spec.values?.controlPlane?.service?.spec?.type ?? "ClusterIP";
    const service = { type, ports: [{ port: 443, targetPort: 8443 }] };
    const apply = (object: KubernetesObject) => this.api.apply(object, options, this.signal);
    await apply({ apiVersion: "v1", kind: "Service", metadata: { name, namespace, ownerReferences }, spec: service });
    const secret = { name: `vc-${name}`, namespace, ownerReferences };
    await apply({ apiVersion: "v1", kind: "Secret", metadata: secret, stringData: { config } });
  }

  /** With the token of an account, as `exportKubeConfig.serviceAccount` says. */
  async #kubeconfig({ spec, metadata }: Release, tenant: string): Promise<string> {
    const { server = "https://localhost:8443", serviceAccount } = spec.values?.exportKubeConfig ?? {};
    if (serviceAccount === undefined)
      throw new Error("without an account it has certificates, which nobody reads here");
    const { certificateAuthority = "" } = parseKubeconfig(tenant);
    const api = kubernetesApi(tenant);
    const { name, clusterRole } = serviceAccount;
    const namespace = "kube-system";
    const apply = (object: KubernetesObject) => api.apply(object, options, this.signal);
    await apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } });
    const rbac = "rbac.authorization.k8s.io";
    await apply({
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: clusterRole },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    });
    const annotations = { "kubernetes.io/service-account.name": name };
    const type = "kubernetes.io/service-account-token";
    const secret = await apply({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace, annotations }, type });
    const { token } = (secret["data"] ?? {}) as { token?: string };
    if (token === undefined) throw new Error("the token is not there yet");
    const credentials = { token: Buffer.from(token, "base64").toString("utf8") };
    return renderKubeconfig({ clusterName: metadata.name!, endpoint: server, certificateAuthority, credentials });
  }

  async #claim(
    cluster: string,
    namespace: string,
    pools: readonly (Pool & { provider: string })[],
    own: readonly Claim[],
  ): Promise<void> {
    await this.api.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, options, this.signal);
    const wanted = pools.flatMap((pool) =>
      Array.from({ length: pool.quantity }, (_, index) => ({ pool, name: `${cluster}-${pool.name}-${index}` })),
    );
    for (const { pool, name } of wanted) {
      if (own.some(({ metadata }) => metadata.name === name)) continue;
      const typeRef = typeOf(pool);
      await this.api.create(
        {
          apiVersion: platform,
          kind: "NodeClaim",
          metadata: { name, namespace, labels: { pool: pool.name } },
          spec: { providerRef: pool.provider, vClusterRef: cluster, ...(typeRef !== undefined && { typeRef }) },
        },
        this.signal,
      );
    }
    const names = new Set(wanted.map(({ name }) => name));
    for (const { metadata } of own) if (!names.has(metadata.name!)) await this.#giveUp(metadata);
  }

  async #giveUp({ name = "", namespace = "", deletionTimestamp }: KubernetesObject["metadata"]): Promise<void> {
    if (deletionTimestamp === undefined)
      await this.api.delete({ apiVersion: platform, kind: "NodeClaim", namespace, name }, {}, this.signal);
  }

  /** Machines that are available have joined; those that are on their way back have left. */
  async #nodes(cluster: string, tenant: KubernetesApi, pools: readonly Pool[], own: readonly Claim[]): Promise<void> {
    const joined = own.filter(
      ({ status, metadata }) => status?.phase === "Available" && metadata.deletionTimestamp === undefined,
    );
    for (const { metadata } of joined) {
      const pool = pools.find(({ name }) => name === metadata.labels?.["pool"]);
      const node: ObjectReference = { apiVersion: "v1", kind: "Node", name: metadata.name! };
      if (pool === undefined || (await tenant.read(node, this.signal)) !== undefined) continue;
      const { apiVersion, kind, name } = node;
      const spec = { taints: pool.taints ?? [] };
      await tenant.create({
        apiVersion,
        kind,
        metadata: { name, labels: { ...pool.nodeLabels, vmetal: cluster } },
        spec,
      });
      // A node is not Ready at first, which the API server itself says by a taint.
      await tenant.patch(node, { spec }, this.signal);
      const conditions = [{ type: "Ready", status: "True", reason: "KubeletReady" }];
      await tenant.patch(node, { status: { conditions } }, this.signal, "status");
    }
    const names = new Set(joined.map(({ metadata }) => metadata.name));
    for (const { metadata } of await tenant.list(
      { apiVersion: "v1", kind: "Node", labelSelector: `vmetal=${cluster}` },
      this.signal,
    ))
      if (!names.has(metadata.name))
        await tenant.delete({ apiVersion: "v1", kind: "Node", name: metadata.name! }, {}, this.signal);
  }
}

function poolsOf({ spec }: Release): (Pool & { provider: string })[] {
  const entries = spec.values?.privateNodes?.autoNodes ?? [];
  return entries.flatMap(({ provider, static: fixed = [] }) => fixed.map((pool) => ({ ...pool, provider })));
}

function typeOf({ nodeTypeSelector = [] }: Pool): string | undefined {
  const chosen = nodeTypeSelector.find(({ property }) => property === "vcluster.com/node-type");
  return chosen?.value ?? chosen?.values?.[0];
}
