/** A control plane of Michelangelo, and the examples that register with it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { oneKubeconfig } from "../../commands/platforms";
import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import { kubernetesApi } from "../../provider/kubernetes/client";
import {
  controllerManager,
  michelangeloKind,
  michelangeloNamespace,
} from "../../simulator/platforms/michelangelo/control-plane";
import { Scene } from "../provider/michelangelo/scene";
import type { EngineEnvironment } from "./environment";
import { secretTexts, shownIn } from "./secret-texts";
import type { EngineStack, Operation } from "./stack";

export const storageKey = "a-secret-key-of-the-storage";
const storageEndpoint = "http://minio.example:9000";

export async function startMichelangelo(): Promise<Scene> {
  const scene = await Scene.start();
  await scene.have(michelangeloKind, michelangeloNamespace, controllerManager);
  return scene;
}

export function onCudo(environment: EngineEnvironment, michelangelo: Scene): Promise<EngineStack> {
  const config = { accessKeyId: "AKID", storageEndpoint, kubeRay: "false" };
  const secrets = { michelangelo: michelangelo.kubeconfig, secretAccessKey: storageKey };
  return example(environment, "cudo-michelangelo", config, secrets);
}

/** @param controlPlane kubeconfig of Michelangelo's cluster, where it is reached in another way */
export function onExisting(
  environment: EngineEnvironment,
  { kubeconfig: compute }: Scene,
  { controlPlane = compute, name }: { controlPlane?: string; name?: string } = {},
): Promise<EngineStack> {
  const contexts = { computeContext: "gpus", michelangeloContext: "ma" };
  const config = { ...contexts, clusterName: "shared-gpus", kubeRay: "false" };
  const secrets = { kubeconfig: oneKubeconfig({ gpus: compute, ma: controlPlane }) };
  return example(environment, "existing-michelangelo", config, secrets, name);
}

async function example(
  environment: EngineEnvironment,
  program: string,
  config: Record<string, string>,
  secrets: Record<string, string>,
  name?: string,
): Promise<EngineStack> {
  const stack = await environment.stack(
    Object.fromEntries(Object.entries(config).map(([key, value]) => [`${program}:${key}`, value])),
    { program: join(__dirname, "..", "..", "examples", program), timeoutMs: 600_000, ...(name && { name }) },
  );
  // The engine's log begins with the configuration: only what is a secret there is kept out of it.
  for (const [key, value] of Object.entries(secrets)) await stack.setSecret(`${program}:${key}`, value);
  return stack;
}

/** Which of a stack's secrets, and of some more, stand in plain text in its state or in what was said; none should. */
export async function secretsShown(
  stack: EngineStack,
  operations: Operation[],
  more: string[] = [],
): Promise<string[]> {
  // The ConfigMap is a secret as a whole, and the storage's address in it is none.
  const secrets = secretTexts(JSON.parse(await stack.state(true))).filter((text) => text !== storageEndpoint);
  assert.ok(secrets.length > 0, "the scan would prove nothing");
  const [text, events] = [operations.map((one) => one.text).join(), operations.map((one) => one.events).join()];
  return shownIn({ state: await stack.state(), text, events }, [...more, ...secrets]);
}

/** What a Secret of Michelangelo's has. */
export async function entry({ api }: Scene, name: string, key: string): Promise<string> {
  const secret = await api.read({ apiVersion: "v1", kind: "Secret", namespace: "default", name });
  return Buffer.from((secret!["data"] as Record<string, string>)[key]!, "base64").toString("utf8");
}

/** In the cluster `train` as Michelangelo itself: with what its own Secrets say, and nothing else. */
export async function asMichelangelo(michelangelo: Scene, apiServer: string): Promise<KubernetesApi> {
  const kubeconfig = renderKubeconfig({
    clusterName: "train",
    endpoint: apiServer,
    certificateAuthority: await entry(michelangelo, "cluster-train-ca-data", "cadata"),
    credentials: { token: await entry(michelangelo, "cluster-train-client-token", "token") },
  });
  return kubernetesApi(kubeconfig);
}

/** Of the cluster that a stack made before it failed: its outputs are not there yet. */
export async function kubeconfigOf(stack: EngineStack): Promise<string> {
  const { deployment } = JSON.parse(await stack.state(true)) as {
    deployment: { resources: { urn: string; inputs: { kubeconfig?: { plaintext: string } } }[] };
  };
  const made = deployment.resources.find(({ urn }) => /ApiServerReady::train-/.test(urn));
  return JSON.parse(made!.inputs.kubeconfig!.plaintext) as string;
}

/** What a registration leaves in the compute cluster, in words. */
export async function leftInCompute(api: KubernetesApi): Promise<string[]> {
  const core = { apiVersion: "v1", namespace: "default" };
  const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
  const kinds = [
    { ...core, kind: "Secret" },
    { ...core, kind: "ConfigMap" },
    { ...core, kind: "ServiceAccount" },
    { ...rbac, kind: "ClusterRole" },
    { ...rbac, kind: "ClusterRoleBinding" },
    { ...core, kind: "ConfigMap", namespace: "kube-system" },
  ];
  const found: KubernetesObject[] = (await Promise.all(kinds.map((kind) => api.list(kind)))).flat();
  const ours = /ray-manager|michelangelo|aws-credentials|gpu-clusters-platform/;
  return found
    .filter(({ metadata }) => ours.test(metadata.name!))
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    .sort();
}
