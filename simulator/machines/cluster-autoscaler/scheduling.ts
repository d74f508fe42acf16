/** What of Kubernetes' scheduling decides here whether a pod finds room: requests, node selectors, node affinity, taints. Pure. */
import type { KubernetesObject } from "../../../provider/kubernetes/api";

export type Resources = Readonly<Record<string, number>>;

interface Expression {
  key: string;
  operator: string;
  values?: string[];
}

interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
}

interface Taint {
  key: string;
  value?: string;
  effect: string;
}

interface PodSpec {
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  affinity?: {
    nodeAffinity?: {
      requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: { matchExpressions?: Expression[] }[] };
    };
  };
  tolerations?: Toleration[];
  containers: { resources?: { requests?: Record<string, string>; limits?: Record<string, string> } }[];
  volumes?: { emptyDir?: object; hostPath?: object }[];
}

export interface Pod extends KubernetesObject {
  spec: PodSpec;
  status?: { phase?: string; conditions?: { type: string; status: string; reason?: string }[] };
}

export interface Node extends KubernetesObject {
  spec: { providerID?: string; unschedulable?: boolean; taints?: Taint[] };
  status: { allocatable?: Record<string, string>; conditions?: { type: string; status: string }[] };
}

/** A node, there or to come, with what is still free on it. */
export interface Room {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  free: Resources;
}

const suffixes: Readonly<Record<string, number>> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

export function quantity(text: string): number {
  const [, number, suffix = ""] = /^([\d.]+)([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = suffixes[suffix];
  if (number === undefined || factor === undefined) throw new Error(`not a quantity: ${text}`);
  return Number(number) * factor;
}

export function quantities(of: Readonly<Record<string, string>> = {}): Resources {
  return Object.fromEntries(Object.entries(of).map(([name, text]) => [name, quantity(text)]));
}

/** Each pod is held against thousands of nodes. */
const requests = new WeakMap<Pod, Resources>();

/** With itself as one of the node's pods. Without a request the limit counts, as the API server has it. */
export function requestsOf(pod: Pod): Resources {
  const found = requests.get(pod) ?? summed(pod);
  requests.set(pod, found);
  return found;
}

function summed({ spec }: Pod): Resources {
  const sum: Record<string, number> = { pods: 1 };
  for (const { resources = {} } of spec.containers)
    for (const [name, text] of Object.entries({ ...resources.limits, ...resources.requests }))
      sum[name] = (sum[name] ?? 0) + quantity(text);
  return sum;
}

export function minus(of: Resources, taken: Resources): Resources {
  return { ...of, ...Object.fromEntries(Object.entries(taken).map(([name, n]) => [name, (of[name] ?? 0) - n])) };
}

export function fits(pod: Pod, { labels, taints, free }: Room): boolean {
  const { nodeSelector = {}, affinity, tolerations = [] } = pod.spec;
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (
    Object.entries(nodeSelector).every(([key, value]) => labels[key] === value) &&
    Object.entries(requestsOf(pod)).every(([name, wanted]) => wanted <= (free[name] ?? 0)) &&
    (terms?.some(({ matchExpressions = [] }) => matchExpressions.every((each) => matches(each, labels))) ?? true) &&
    taints.every((taint) => taint.effect === "PreferNoSchedule" || tolerations.some((each) => tolerates(each, taint)))
  );
}

function matches({ key, operator, values = [] }: Expression, labels: Readonly<Record<string, string>>): boolean {
  const label = labels[key];
  switch (operator) {
    case "In":
      return label !== undefined && values.includes(label);
    case "NotIn":
      return label === undefined || !values.includes(label);
    case "Exists":
      return label !== undefined;
    case "DoesNotExist":
      return label === undefined;
    case "Gt":
      return Number(label) > Number(values[0]);
    case "Lt":
      return Number(label) < Number(values[0]);
    default:
      return false;
  }
}

function tolerates({ key, operator = "Equal", value = "", effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== "" && effect !== taint.effect) return false;
  if (operator === "Exists") return key === undefined || key === "" || key === taint.key;
  return key === taint.key && value === (taint.value ?? "");
}

/** Puts pods where they fit first; returns those that fit nowhere. */
export function place(pods: readonly Pod[], rooms: readonly Room[]): Pod[] {
  return pods.filter((pod) => {
    const room = rooms.find((each) => fits(pod, each));
    if (room) room.free = minus(room.free, requestsOf(pod));
    return room === undefined;
  });
}

export function isReady({ status }: Node): boolean {
  return status.conditions?.some((each) => each.type === "Ready" && each.status === "True") ?? false;
}

/** @param pods those on the node */
export function roomOn({ metadata, spec, status }: Node, pods: readonly Pod[]): Room {
  const free = pods.map(requestsOf).reduce<Resources>(minus, quantities(status.allocatable));
  return { labels: metadata.labels ?? {}, taints: spec.taints ?? [], free };
}
