/** A control plane of Michelangelo, and the examples that register with it. */
import { join } from "node:path";
import { stringify } from "yaml";
import { currentEntries } from "../../sdk/kubernetes/kubeconfig";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import {
  controllerManager,
  michelangeloKind,
  michelangeloNamespace,
} from "../../simulator/platforms/michelangelo/control-plane";
import { Scene } from "../provider/michelangelo/scene";
import type { EngineEnvironment } from "./environment";
import type { EngineStack, StackOptions } from "./stack";

export async function startMichelangelo(): Promise<Scene> {
  const scene = await Scene.start();
  await scene.have(michelangeloKind, michelangeloNamespace, controllerManager);
  return scene;
}

export function onExisting(
  environment: EngineEnvironment,
  michelangelo: Scene,
  options: Partial<StackOptions> = {},
): Promise<EngineStack> {
  const config = {
    "existing-michelangelo:kubeconfig": bothContexts(michelangelo.kubeconfig),
    "existing-michelangelo:computeContext": "gpus",
    "existing-michelangelo:michelangeloContext": "ma",
    "existing-michelangelo:clusterName": "shared-gpus",
    "existing-michelangelo:kubeRay": "false",
  };
  return environment.stack(config, {
    program: join(__dirname, "..", "..", "examples", "existing-michelangelo"),
    ...options,
  });
}

/** One cluster under two names, as in Michelangelo's own sandbox. */
function bothContexts(kubeconfig: string): string {
  const { cluster, user } = currentEntries(kubeconfig);
  const context = { cluster: "c", user: "u" };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [
      { name: "gpus", context },
      { name: "ma", context },
    ],
  });
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
