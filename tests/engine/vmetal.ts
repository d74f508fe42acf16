/** A management cluster with vCluster Platform and Metal3 as the simulator plays them, and the API server that its tenants have. */
import { join } from "node:path";
import type { KubernetesApi } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { parseKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import { Vmetal } from "../../simulator/platforms/vmetal/controller";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { until } from "../until";
import { serverImage } from "./bare-metal";
import { EngineEnvironment } from "./environment";
import type { EngineStack } from "./stack";

export const platform = "management.loft.sh/v1";
export const host = { apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost" };
export const claim = { apiVersion: platform, kind: "NodeClaim" };
export const tenantSecrets = { bmcPassword: "BMC-PASSWORD-BMC-PASSWORD", accessKey: "ACCESS-KEY-ACCESS-KEY" };

interface Ways {
  management?: string;
  tenant?: string;
}

export interface VmetalScene {
  readonly management: string;
  readonly tenant: string;
  readonly api: KubernetesApi;
  readonly vmetal: Vmetal;
  readonly environment: EngineEnvironment;
  /** What the platform, Metal3 and the tenant have: those of our objects that outlive nothing. */
  left(): Promise<string[]>;
  /** Of examples/vmetal-tenant. @param ways other kubeconfigs, by which the stack reaches them */
  tenantStack(more: Record<string, string>, ways?: Ways): Promise<EngineStack>;
  /** What such a stack is configured with from now on. */
  reconfigure(stack: EngineStack, more: Record<string, string>, ways?: Ways): void;
  stop(): Promise<void>;
}

export async function startVmetal(): Promise<VmetalScene> {
  const controllers = ["garbage-collector-controller", "namespace-controller"];
  const servers: TestControlPlane[] = [
    await controlPlane(controllers),
    await controlPlane([...controllers, "serviceaccount-token-controller"]),
  ];
  const kubeconfigs = await Promise.all(servers.map((server) => server.kubeconfig("system:masters")));
  const [management, tenant] = kubeconfigs as [string, string];
  const [api, tenantApi] = [kubernetesApi(management), kubernetesApi(tenant)];
  const vmetal = new Vmetal({ kubeconfig: management, pollMs: 100, tenants: { search: tenant, serve: tenant } });
  await vmetal.start();
  const kinds = [host, claim, { ...claim, kind: "OSImage" }, { ...claim, kind: "NodeProvider" }];
  for (const kind of kinds) await until(kind.kind, () => api.list(kind).catch(() => undefined));
  const environment = await EngineEnvironment.start({ machines: false });
  const config = (more: Record<string, string>, ways: Ways) => {
    const endpoint = new URL(parseKubeconfig(ways.tenant ?? tenant).endpoint).host;
    const values = Object.entries({ endpoint, ...serverImage, ...more });
    return Object.fromEntries(values.map(([key, value]) => [`vmetal-tenant:${key}`, value]));
  };
  return {
    management,
    tenant,
    api,
    vmetal,
    environment,
    async left() {
      const found = await Promise.all([
        ...kinds.map((kind) => api.list(kind)),
        api.list({ apiVersion: "v1", kind: "Namespace" }),
        api.list({ apiVersion: "v1", kind: "Secret" }),
        tenantApi.list({ apiVersion: "v1", kind: "Node" }),
      ]);
      const own = found.flat().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      return own.filter((name) => !/^Namespace (kube-|default|p-default)/.test(name));
    },
    async tenantStack(more, ways = {}) {
      const program = join(__dirname, "..", "..", "examples", "vmetal-tenant");
      const stack = await environment.stack(config(more, ways), { program });
      for (const [key, value] of Object.entries({ ...tenantSecrets, managementCluster: ways.management ?? management }))
        await stack.setSecret(`vmetal-tenant:${key}`, value);
      return stack;
    },
    reconfigure: (stack, more, ways = {}) => stack.configure({ ...environment.providerConfig, ...config(more, ways) }),
    async stop() {
      await environment.stop();
      await vmetal.close();
      for (const server of servers) await server.close();
    },
  };
}
