/** Whether an object has become what it is for. Pure: what the object itself tells. */
import type { KubernetesObject } from "../../provider/kubernetes/api";

export type Readiness =
  | { readonly state: "ready" }
  | { readonly state: "waiting"; readonly reason: string }
  /** It will not become ready by waiting. */
  | { readonly state: "failed"; readonly reason: string };

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

interface ContainerStatus {
  name: string;
  state?: { waiting?: { reason?: string; message?: string } };
}

/** The fields that are judged, of all kinds together. */
interface Body extends KubernetesObject {
  type?: string;
  data?: Record<string, string>;
  spec?: {
    replicas?: number;
    paused?: boolean;
    suspend?: boolean;
    completions?: number;
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } };
  };
  status?: {
    observedGeneration?: number;
    conditions?: Condition[];
    phase?: string;
    reason?: string;
    message?: string;
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    readyReplicas?: number;
    desiredNumberScheduled?: number;
    updatedNumberScheduled?: number;
    numberAvailable?: number;
    succeeded?: number;
    initContainerStatuses?: ContainerStatus[];
    containerStatuses?: ContainerStatus[];
  };
}

const ready: Readiness = { state: "ready" };
const waiting = (reason: string): Readiness => ({ state: "waiting", reason });
const failed = (reason: string): Readiness => ({ state: "failed", reason });

const judges: Readonly<Record<string, (object: Body) => Readiness>> = {
  "apps/Deployment": deployment,
  "apps/StatefulSet": statefulSet,
  "apps/DaemonSet": daemonSet,
  "batch/Job": job,
  "/Pod": pod,
  "/Namespace": ({ status }) =>
    status?.phase === "Active" ? ready : waiting(`phase is ${status?.phase ?? "unknown"}`),
  "/PersistentVolumeClaim": ({ status }) =>
    status?.phase === "Bound" ? ready : waiting("no volume is bound to the claim yet"),
  "/Secret": ({ type, data }) =>
    type !== "kubernetes.io/service-account-token" || Object.keys(data ?? {}).length > 0
      ? ready
      : waiting("the token controller has not filled it yet"),
  "apiextensions.k8s.io/CustomResourceDefinition": definition,
};

/** Kinds that it does not know are ready as soon as they exist. */
export function readiness(object: Body): Readiness {
  return judges[groupKind(object)]?.(object) ?? ready;
}

export function groupKind({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  return `${apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : ""}/${kind}`;
}

function condition({ status }: Body, type: string): Condition | undefined {
  return status?.conditions?.find((candidate) => candidate.type === type);
}

function words({ reason, message }: { reason?: string; message?: string }): string {
  return [reason, message].filter(Boolean).join(": ");
}

function observed({ metadata, status }: Body): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata["generation"] as number);
}

function deployment(object: Body): Readiness {
  const { spec = {}, status = {} } = object;
  if (!observed(object)) return waiting("the controller has not seen the change yet");
  const progressing = condition(object, "Progressing");
  if (progressing?.status === "False") return failed(words(progressing));
  if (spec.paused) return ready;
  const wanted: number = spec.replicas ?? 1;
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status;
  if (updatedReplicas < wanted) return waiting(`${updatedReplicas} of ${wanted} replicas are up to date`);
  if (replicas > updatedReplicas) return waiting(`${replicas - updatedReplicas} old replicas are still there`);
  return availableReplicas < wanted ? waiting(`${availableReplicas} of ${wanted} replicas are available`) : ready;
}

function statefulSet(object: Body): Readiness {
  const { spec = {}, status = {} } = object;
  if (!observed(object)) return waiting("the controller has not seen the change yet");
  if (spec.updateStrategy?.type === "OnDelete") return ready;
  const wanted: number = spec.replicas ?? 1;
  const partition: number = spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const { readyReplicas = 0, updatedReplicas = 0 } = status;
  const toUpdate = Math.max(wanted - partition, 0);
  if (updatedReplicas < toUpdate) return waiting(`${updatedReplicas} of ${toUpdate} replicas are up to date`);
  return readyReplicas < wanted ? waiting(`${readyReplicas} of ${wanted} replicas are ready`) : ready;
}

function daemonSet(object: Body): Readiness {
  const { spec = {}, status = {} } = object;
  if (!observed(object)) return waiting("the controller has not seen the change yet");
  if (spec.updateStrategy?.type === "OnDelete") return ready;
  const { desiredNumberScheduled = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = status;
  if (updatedNumberScheduled < desiredNumberScheduled) {
    return waiting(`${updatedNumberScheduled} of ${desiredNumberScheduled} pods are up to date`);
  }
  return numberAvailable < desiredNumberScheduled
    ? waiting(`${numberAvailable} of ${desiredNumberScheduled} pods are available`)
    : ready;
}

function job(object: Body): Readiness {
  const broken = condition(object, "Failed");
  if (broken?.status === "True") return failed(words(broken));
  if (condition(object, "Complete")?.status === "True" || object.spec?.suspend) return ready;
  const { succeeded = 0 } = object.status ?? {};
  return waiting(`${succeeded} of ${object.spec?.completions ?? 1} completions`);
}

function pod(object: Body): Readiness {
  const { status = {} } = object;
  const { phase } = status;
  if (phase === "Succeeded") return ready;
  if (phase === "Failed") return failed(status.message ?? status.reason ?? "the pod failed");
  if (condition(object, "Ready")?.status === "True") return ready;
  return waiting(podProblem(object) ?? `phase is ${phase ?? "unknown"}`);
}

/** Why a pod does not run, where it knows. */
export function podProblem(object: Body): string | undefined {
  const scheduled = condition(object, "PodScheduled");
  if (scheduled?.status === "False") return words(scheduled);
  const statuses = [...(object.status?.initContainerStatuses ?? []), ...(object.status?.containerStatuses ?? [])];
  for (const { name, state } of statuses) {
    if (state?.waiting !== undefined && state.waiting.reason !== "ContainerCreating")
      return `container ${name}: ${words(state.waiting)}`;
  }
  return undefined;
}

function definition(object: Body): Readiness {
  const names = condition(object, "NamesAccepted");
  if (names?.status === "False") return failed(words(names));
  return condition(object, "Established")?.status === "True" ? ready : waiting("not established yet");
}
