import type { Unwrap } from "../../../sdk/pulumi";
import type { InferenceRequirementsArgs } from "../../../sdk/kubernetes/inference-requirements";
import { parseKubeconfig } from "../../../sdk/kubernetes/kubeconfig";
import { looking } from "../../server/looking";
import type { ResourceContext } from "../../server/resource";
import { containsUnknown } from "../../server/wire";
import type { KubernetesApi, KubernetesObject } from "../api";
import { kubernetesApi } from "../client";
import {
  missingRequirements,
  otherUsers,
  ownCluster,
  type ClusterFacts,
  type RequirementNode,
} from "../inference-requirements";
import { checkKubeconfig } from "./check-kubeconfig";
import { NotYet, unlessRefused, waitFor } from "./wait";

export type InferenceRequirementsInputs = Unwrap<InferenceRequirementsArgs>;

export interface InferenceRequirementsOutputs {
  status: "met";
}

const defaultTimeoutSeconds = 300;
const requestTimeoutMs = 10_000;
const previewTimeoutMs = 5_000;
const draVersion = "resource.k8s.io/v1";

export const inferenceRequirements = looking<InferenceRequirementsInputs, InferenceRequirementsOutputs>({
  async check(given, { signal, log }, before) {
    const failures = checkKubeconfig(given);
    if (failures.length > 0 || before !== undefined || containsUnknown(given)) return failures;
    const inputs = given as InferenceRequirementsInputs;
    const api = kubernetesApi(inputs.kubeconfig, { timeoutMs: previewTimeoutMs });
    // A cluster that does not answer now is asked again by `up`; what is missing may come with the same update.
    const missing = await missingIn(api, inputs, true, signal).catch(() => []);
    signal.throwIfAborted();
    for (const reason of missing) log.warn(`the cluster is not ready for Modelplane: ${reason}`);
    return failures;
  },

  async create(inputs, context) {
    return { id: parseKubeconfig(inputs.kubeconfig).clusterName, outputs: await met(inputs, true, context) };
  },

  // By now Modelplane has installed its own.
  update: (_id, inputs, _state, context) => met(inputs, false, context),
});

interface RequirementPod extends KubernetesObject {
  spec: {
    resourceClaims?: unknown[];
    containers?: { resources?: { requests?: Record<string, string>; limits?: Record<string, string> } }[];
  };
  status?: { phase?: string };
}

/** One that has ended has given its devices back, and stays in the list. */
function asksForDevices({ spec, status }: RequirementPod): boolean {
  if (["Succeeded", "Failed"].includes(status?.phase ?? "")) return false;
  const asked = (spec.containers ?? []).flatMap(({ resources }) =>
    Object.keys({ ...resources?.requests, ...resources?.limits }),
  );
  return (spec.resourceClaims ?? []).length > 0 || asked.some((name) => /^(nvidia|amd)\.com\//.test(name));
}

async function met(
  inputs: InferenceRequirementsInputs,
  isNew: boolean,
  context: ResourceContext,
): Promise<InferenceRequirementsOutputs> {
  const { endpoint } = parseKubeconfig(inputs.kubeconfig);
  const api = kubernetesApi(inputs.kubeconfig, { timeoutMs: requestTimeoutMs });
  const attempt = async () => {
    const missing = await missingIn(api, inputs, isNew, context.signal);
    return missing.length > 0 ? new NotYet(missing.join("; ")) : { status: "met" as const };
  };
  return waitFor(unlessRefused(inputs.kubeconfig, attempt), {
    what: "what Modelplane needs of the cluster",
    timeoutMs: context.timeoutMs ?? (inputs.timeoutSeconds ?? defaultTimeoutSeconds) * 1000,
    signal: context.signal,
    log: context.log,
    timedOut: (reason, seconds) =>
      new Error(
        `the cluster at ${endpoint} does not have what Modelplane needs after ${seconds} s:${reason
          .split("; ")
          .map((line) => `\n  ${line}`)
          .join("")}`,
      ),
  });
}

async function missingIn(
  api: KubernetesApi,
  inputs: InferenceRequirementsInputs,
  isNew: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const facts = await factsOf(api, inputs.cacheStorageClass, signal);
  // The serving stack has this namespace: with it, all of it is Modelplane's.
  const isInstalled = async () =>
    (await api.read({ apiVersion: "v1", kind: "Namespace", name: "modelplane-system" }, signal)) !== undefined;
  const others = isNew && !(await isInstalled()) ? otherUsers(facts) : [];
  return [...(isNew ? ownCluster(facts) : []), ...missingRequirements(facts, inputs), ...others];
}

async function factsOf(
  api: KubernetesApi,
  cacheStorageClass: string | undefined,
  signal: AbortSignal,
): Promise<ClusterFacts> {
  const { gitVersion } = JSON.parse(await api.text("/version", signal)) as { gitVersion: string };
  const { groups } = JSON.parse(await api.text("/apis", signal)) as {
    groups: { versions: { groupVersion: string }[] }[];
  };
  const services = await api.list({ apiVersion: "v1", kind: "Service" }, signal);
  const pods = (await api.list({ apiVersion: "v1", kind: "Pod" }, signal)) as RequirementPod[];
  const groupVersions = new Set(groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion)));
  const deviceClasses = groupVersions.has(draVersion)
    ? await api.list({ apiVersion: draVersion, kind: "DeviceClass" }, signal)
    : [];
  const storageClass =
    cacheStorageClass === undefined
      ? undefined
      : await api.read({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", name: cacheStorageClass }, signal);
  return {
    version: gitVersion.replace(/^v/, ""),
    groupVersions,
    deviceClasses: deviceClasses.map(({ metadata }) => metadata.name!),
    nodes: (await api.list({ apiVersion: "v1", kind: "Node" }, signal)) as RequirementNode[],
    balancedServices: services.filter(({ spec }) => (spec as { type?: string }).type === "LoadBalancer"),
    devicePods: pods.filter(asksForDevices).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    storageClass: storageClass as (KubernetesObject & { provisioner: string }) | undefined,
  };
}
