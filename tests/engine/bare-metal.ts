/** A management cluster with Cluster API and Metal3 as the simulator plays them, and two clusters that servers become. */
import type { KubernetesApi } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import { ClusterApi } from "../../simulator/platforms/metal3/cluster-api";
import { clusterApiDefinitions } from "../../simulator/platforms/metal3/cluster-api-definitions";
import { controlPlane, type TestControlPlane } from "../provider/kubernetes/control-plane";
import { until } from "../until";
import { EngineEnvironment } from "./environment";

/** Of a server's disk. */
export const serverImage = {
  imageUrl: "https://images.example.com/ubuntu-24.04.qcow2",
  imageChecksum: "a".repeat(64),
};

export const bareMetalKinds = (clusterApiDefinitions as { spec: { group: string; names: { kind: string } } }[]).map(
  ({ spec }) => ({
    apiVersion: `${spec.group}/${spec.group === "metal3.io" ? "v1alpha1" : "v1beta2"}`,
    kind: spec.names.kind,
  }),
);

export interface BareMetal {
  readonly management: string;
  readonly workload: string;
  /** Another: what was in the first stays there, as in a machine that is given back. */
  readonly serving: string;
  readonly api: KubernetesApi;
  readonly clusterApi: ClusterApi;
  readonly environment: EngineEnvironment;
  /** What of our objects is in the management cluster. */
  left(): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startBareMetal(): Promise<BareMetal> {
  const controllers = ["garbage-collector-controller", "namespace-controller"];
  const servers: TestControlPlane[] = [await controlPlane(controllers)];
  for (let cluster = 0; cluster < 2; cluster++)
    servers.push(await controlPlane([...controllers, "serviceaccount-token-controller"]));
  const kubeconfigs = await Promise.all(servers.map((server) => server.kubeconfig("system:masters")));
  const [management, workload, serving] = kubeconfigs as [string, string, string];
  const api = kubernetesApi(management);
  await until("the API server is ready", async () => (await api.text("/readyz").catch(() => "")) === "ok");
  const clusterApi = new ClusterApi({
    kubeconfig: management,
    pollMs: 100,
    clusters: { search: workload, serve: serving },
  });
  await clusterApi.start();
  for (const kind of bareMetalKinds) await until(kind.kind, () => api.list(kind).catch(() => undefined));
  const environment = await EngineEnvironment.start({ machines: false });
  const places = [...bareMetalKinds, { apiVersion: "v1", kind: "Secret" }, { apiVersion: "v1", kind: "Namespace" }];
  return {
    management,
    workload,
    serving,
    api,
    clusterApi,
    environment,
    left: async () =>
      (await Promise.all(places.map((kind) => api.list(kind))))
        .flat()
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
        .filter((name) => !/^Namespace (kube-|default)/.test(name)),
    stop: async () => {
      await environment.stop();
      await clusterApi.close();
      for (const server of servers) await server.close();
    },
  };
}
