/** For people: two simulated clusters before and after Modelplane in one gets the other to serve models on. */
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { messageOf } from "../../../sdk/message";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { Modelplane } from "./controller";

const apiVersion = "modelplane.ai/v1alpha1";
const namespace = "modelplane-system";

/** Makes a cluster one that Modelplane runs in, until it is closed. */
export async function playModelplane(control: string): Promise<Modelplane> {
  const modelplane = new Modelplane({ kubeconfig: control });
  await modelplane.start();
  return modelplane;
}

/** Nothing where no cluster is registered. */
export async function seenByModelplane(control: string): Promise<string[]> {
  const api = kubernetesApi(control);
  const classes = await api.list({ apiVersion, kind: "InferenceClass" });
  const clusters = await api.list({ apiVersion, kind: "InferenceCluster" });
  const secrets = await api.list({ apiVersion: "v1", kind: "Secret", namespace });
  return [...clusters.map(clusterInWords), ...classes.map(classInWords), ...secrets.map(secretInWords)];
}

function clusterInWords({ metadata, ...rest }: KubernetesObject): string {
  const { cluster } = rest["spec"] as { cluster: { source: string } };
  const { conditions = [], gateway } = (rest["status"] ?? {}) as {
    conditions?: { type: string; status: string }[];
    gateway?: { address: string };
  };
  const said = conditions.map(({ type, status }) => `${type} ${status}`).join(", ");
  return `InferenceCluster ${metadata.name} (${cluster.source}), gateway ${gateway?.address ?? "none"}: ${said}`;
}

function classInWords({ metadata, ...rest }: KubernetesObject): string {
  const { devices } = rest["spec"] as { devices: { driver: string; count: number; capacity: object }[] };
  const said = devices.map(({ driver, count, capacity }) => `${count} of ${driver} with ${JSON.stringify(capacity)}`);
  return `InferenceClass ${metadata.name}: ${said.join(", ")}`;
}

function secretInWords({ metadata, ...rest }: KubernetesObject): string {
  return `Secret ${metadata.namespace}/${metadata.name} with ${Object.keys((rest["data"] ?? {}) as object).join(", ")}`;
}

/** What Modelplane has put there, and what the kubeconfig that it was given may do. */
export async function seenByServingCluster(control: string, cluster: string): Promise<string[]> {
  const api = kubernetesApi(cluster);
  const services = await api.list({ apiVersion: "v1", kind: "Service", namespace });
  const accounts = await api.list({ apiVersion: "v1", kind: "ServiceAccount", namespace: "kube-system" });
  const [secret] = await kubernetesApi(control).list({ apiVersion: "v1", kind: "Secret", namespace });
  const { kubeconfig = "" } = (secret!["data"] ?? {}) as { kubeconfig?: string };
  const given = Buffer.from(kubeconfig, "base64").toString("utf8");
  const mayDoAll = await kubernetesApi(given)
    .list({ apiVersion: "v1", kind: "Secret" })
    .then(
      () => "may read Secrets too, as cluster-admin",
      (error: unknown) => `is refused: ${messageOf(error)}`,
    );
  return [
    ...services.map(({ metadata }) => `Service ${metadata.namespace}/${metadata.name}`),
    ...accounts
      .filter(({ metadata }) => metadata.name!.endsWith("-modelplane"))
      .map(({ metadata }) => `ServiceAccount ${metadata.namespace}/${metadata.name}`),
    `Modelplane's kubeconfig has a ${parseKubeconfig(given).credentials.kind} and ${mayDoAll}`,
  ];
}
