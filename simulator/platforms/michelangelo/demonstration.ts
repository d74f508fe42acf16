/** For people: two simulated clusters before and after one is registered with Michelangelo in the other. */
import { credentialSecrets, credentialsNamespace, registrationKind } from "../../../sdk/michelangelo/names";
import { parseKubeconfig, renderKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { messageOf } from "../../../sdk/message";
import type { KubernetesApi, KubernetesObject } from "../../../provider/kubernetes/api";
import { kubernetesApi } from "../../../provider/kubernetes/client";
import { rayKinds } from "../ray";
import { controllerManager, managerDeployment, michelangeloKind, michelangeloNamespace } from "./control-plane";
import { ControllerManager } from "./controller-manager";

const fieldManager = "simulator";
/** The real one looks every half minute. */
const pollMs = 1_000;
const core = { apiVersion: "v1", namespace: credentialsNamespace };

/** Makes one cluster a control plane of Michelangelo, whose controller manager runs until it is closed, and puts Ray's kinds into the other. */
export async function playMichelangelo(control: string, compute: string): Promise<ControllerManager> {
  const { endpoint, certificateAuthority = "", tlsServerName, credentials } = parseKubeconfig(control);
  if (credentials.kind !== "certificate") throw new Error("the kubeconfig of a simulated cluster has a certificate");
  const api = kubernetesApi(control);
  for (const object of [michelangeloKind, michelangeloNamespace, controllerManager])
    await api.apply(object, { fieldManager });
  for (const kind of rayKinds) await kubernetesApi(compute).apply(kind, { fieldManager });
  return new ControllerManager({
    server: { endpoint, certificateAuthority, ...(tlsServerName !== undefined && { serverName: tlsServerName }) },
    credential: { certificate: credentials.clientCertificate, privateKey: credentials.clientKey },
    deployment: managerDeployment,
    pollMs,
  });
}

/** Nothing where no cluster is registered. */
export async function seenByMichelangelo(control: string): Promise<string[]> {
  const api = kubernetesApi(control);
  const clusters = await api.list(registrationKind);
  const secrets = await api.list({ ...core, kind: "Secret" });
  return [
    ...clusters.map(clusterInWords),
    ...secrets.map(({ metadata, ...rest }) => {
      const keys = Object.keys((rest["data"] ?? {}) as object).join(", ");
      return `Secret ${metadata.namespace}/${metadata.name} with ${keys}`;
    }),
  ];
}

function clusterInWords({ metadata, ...rest }: KubernetesObject): string {
  const { kubernetes } = rest["spec"] as { kubernetes: { rest: { host: string; port: string } } };
  const { statusConditions = [] } = (rest["status"] ?? {}) as {
    statusConditions?: { type: string; status: string; message: string }[];
  };
  const said = statusConditions.map(({ type, status, message }) => `${type} ${status} (${message})`).join(", ");
  return `Cluster ${metadata.namespace}/${metadata.name} at ${kubernetes.rest.host}:${kubernetes.rest.port}: ${said}`;
}

/** What Michelangelo has made there, and what its own credentials, taken from its Secrets, may do. */
export async function seenByCompute(control: string, compute: string): Promise<string[]> {
  const [there, api] = [kubernetesApi(control), kubernetesApi(compute)];
  const [account] = await api.list({ ...core, kind: "ServiceAccount", fieldSelector: "metadata.name=ray-manager" });
  const secrets = await api.list({ ...core, kind: "Secret" });
  const [registered] = await there.list(registrationKind);
  const names = credentialSecrets(registered!.metadata.name!);
  const asMichelangelo = kubernetesApi(
    renderKubeconfig({
      clusterName: "compute",
      endpoint: parseKubeconfig(compute).endpoint,
      certificateAuthority: await entry(there, names.authority, "cadata"),
      credentials: { token: await entry(there, names.token, "token") },
    }),
  );
  const may = async (what: string, work: Promise<unknown>) =>
    work.then(
      () => `Michelangelo's token may ${what}`,
      (error: unknown) =>
        `Michelangelo's token may not ${what}: ${messageOf(error).replace(/^.*: (?=\w+ is forbidden)/, "")}`,
    );
  return [
    `ServiceAccount ${account!.metadata.namespace}/${account!.metadata.name}`,
    ...secrets.map(
      ({ metadata, ...rest }) => `Secret ${metadata.namespace}/${metadata.name} (${String(rest["type"])})`,
    ),
    await may("list Ray jobs", asMichelangelo.list({ apiVersion: "ray.io/v1", kind: "RayJob", namespace: "default" })),
    await may("read Secrets", asMichelangelo.list({ ...core, kind: "Secret" })),
  ];
}

async function entry(api: KubernetesApi, name: string, key: string): Promise<string> {
  const secret = await api.read({ ...core, kind: "Secret", name });
  return Buffer.from((secret!["data"] as Record<string, string>)[key]!, "base64").toString("utf8");
}
