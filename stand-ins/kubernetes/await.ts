/** Waiting until an object is ready, or gone. */
import { setTimeout as delay } from "node:timers/promises";
import {
  referenceTo,
  type KubernetesApi,
  type KubernetesObject,
  type ObjectReference,
} from "../../provider/kubernetes/api";
import { groupKind, podProblem, readiness, type Readiness } from "./readiness";

/** Unless `customTimeouts` says otherwise. */
const defaultTimeoutMs = 10 * 60_000;
const firstPollMs = 100;
const longestPollMs = 1_000;

export interface Waiting {
  readonly signal: AbortSignal;
  /** From `customTimeouts`, whose passing aborts the signal. */
  readonly timeoutMs: number | undefined;
  status(message: string): void;
}

/** The object exists but is not ready. */
export class NotReady extends Error {
  override readonly name = "NotReady";
  constructor(
    readonly live: KubernetesObject,
    readonly reasons: string[],
  ) {
    super(reasons.join("; "));
  }
}

/** Returns the live object once it is ready. Throws `NotReady`. */
export async function untilReady(
  api: KubernetesApi,
  applied: KubernetesObject,
  waiting: Waiting,
): Promise<KubernetesObject> {
  const reference = referenceTo(applied);
  const started = Date.now();
  let live = applied;
  let said: string | undefined;
  const notReady = async (...reasons: (string | undefined)[]) =>
    new NotReady(live, [...reasons.filter((reason) => reason !== undefined), ...(await podProblems(api, live))]);
  try {
    for (let pause = firstPollMs; ; pause = Math.min(pause * 1.5, longestPollMs)) {
      const judged = await judge(api, live, waiting.signal);
      if (judged.state === "ready") return live;
      if (judged.state === "failed") throw await notReady(judged.reason);
      if (judged.reason !== said) waiting.status((said = judged.reason));
      const interrupted = await interruption(pause, started, waiting);
      if (interrupted !== undefined) throw await notReady(interrupted, said);
      const next = await api.read(reference, waiting.signal);
      if (next === undefined) throw new Error(`${applied.kind} ${reference.name} was deleted while it was waited for`);
      live = next;
    }
  } catch (error) {
    if (error instanceof NotReady || !waiting.signal.aborted) throw error;
    throw await notReady((waiting.signal.reason as Error).message, said);
  }
}

export async function untilGone(
  api: KubernetesApi,
  reference: ObjectReference,
  uid: unknown,
  waiting: Waiting,
): Promise<void> {
  const started = Date.now();
  for (let pause = firstPollMs; ; pause = Math.min(pause * 1.5, longestPollMs)) {
    const live = await api.read(reference, waiting.signal);
    if (live === undefined || live.metadata.uid !== uid) return;
    const finalizers = live.metadata["finalizers"];
    const held = Array.isArray(finalizers) ? ` (finalizers: ${finalizers.join(", ")})` : "";
    waiting.status(`waiting until ${reference.kind} ${reference.name} is gone${held}`);
    const interrupted = await interruption(pause, started, waiting);
    if (interrupted !== undefined)
      throw new Error(`${reference.kind} ${reference.name} is still there${held}: ${interrupted}`);
  }
}

/** Pauses; returns why the wait must end, if it must. */
async function interruption(
  pauseMs: number,
  started: number,
  { signal, timeoutMs }: Waiting,
): Promise<string | undefined> {
  await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  if (signal.aborted) return (signal.reason as Error).message;
  const limit = timeoutMs ?? defaultTimeoutMs;
  return Date.now() - started > limit ? `not ready after ${limit / 60_000} min` : undefined;
}

async function judge(api: KubernetesApi, live: KubernetesObject, signal: AbortSignal): Promise<Readiness> {
  const judged = readiness(live);
  if (groupKind(live) === "/Service") return service(api, live, signal);
  if (
    groupKind(live) === "/PersistentVolumeClaim" &&
    judged.state === "waiting" &&
    (await bindsLater(api, live, signal))
  ) {
    return { state: "ready" };
  }
  return judged;
}

/** A claim that is bound only when a pod uses it. */
async function bindsLater(api: KubernetesApi, claim: KubernetesObject, signal: AbortSignal): Promise<boolean> {
  const { storageClassName } = claim["spec"] as { storageClassName?: string };
  if (storageClassName === undefined || storageClassName === "") return false;
  const storageClass = await api.read(
    { apiVersion: "storage.k8s.io/v1", kind: "StorageClass", name: storageClassName },
    signal,
  );
  return storageClass?.["volumeBindingMode"] === "WaitForFirstConsumer";
}

interface EndpointSlice extends KubernetesObject {
  endpoints?: { conditions?: { ready?: boolean } }[];
}

async function service(api: KubernetesApi, live: KubernetesObject, signal: AbortSignal): Promise<Readiness> {
  const spec = live["spec"] as { type?: string; selector?: Record<string, string>; clusterIP?: string };
  const status = live["status"] as { loadBalancer?: { ingress?: unknown[] } } | undefined;
  if (spec.type === "ExternalName") return { state: "ready" };
  if (spec.type === "LoadBalancer" && !status?.loadBalancer?.ingress?.length) {
    return { state: "waiting", reason: "no load balancer has given the service an address yet" };
  }
  if (spec.selector === undefined || Object.keys(spec.selector).length === 0 || spec.clusterIP === "None")
    return { state: "ready" };
  const slices = (await api.list(
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      namespace: live.metadata.namespace,
      labelSelector: `kubernetes.io/service-name=${live.metadata.name}`,
    },
    signal,
  )) as EndpointSlice[];
  const served = slices.some(({ endpoints }) => endpoints?.some(({ conditions }) => conditions?.ready !== false));
  return served ? { state: "ready" } : { state: "waiting", reason: "no ready pod matches spec.selector" };
}

/** What the pods of a workload say, for the message. */
async function podProblems(api: KubernetesApi, live: KubernetesObject): Promise<string[]> {
  const labels = (live["spec"] as { selector?: { matchLabels?: Record<string, string> } } | undefined)?.selector
    ?.matchLabels;
  if (labels === undefined) return [];
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const query = { apiVersion: "v1", kind: "Pod", namespace: live.metadata.namespace, labelSelector };
  // The wait is over: these words must not make it longer, nor hide why it ended.
  const pods = await api.list(query, AbortSignal.timeout(2_000)).catch(() => []);
  return [...new Set(pods.map(podProblem).filter((problem) => problem !== undefined))];
}
