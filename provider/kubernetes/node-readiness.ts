/** Which nodes a cluster still lacks, in words. Pure. */
import type { KubernetesObject } from "./api";

export const nodeGroupLabel = "gpu-clusters/node-group";
export const controlPlaneLabel = "node-role.kubernetes.io/control-plane";

export interface NodeObject extends KubernetesObject {
  status?: {
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    /** Quantities; of devices, whole numbers. */
    allocatable?: Record<string, string>;
    /** `containerRuntimeVersion`: e.g. `containerd://2.2.1`. */
    nodeInfo?: { containerRuntimeVersion?: string };
  };
  /** Its GPUs by ResourceSlices, where these count. */
  devices?: number;
}

export interface ResourceSlice extends KubernetesObject {
  spec?: { driver?: string; nodeName?: string; devices?: { attributes?: Record<string, { string?: string }> }[] };
}

/** The nodes with the GPUs that drivers for Dynamic Resource Allocation publish for them; parts of a GPU do not count besides it. */
export function withDevices(nodes: readonly NodeObject[], slices: readonly ResourceSlice[]): NodeObject[] {
  const gpus = slices
    .filter(({ spec }) => spec?.driver === "gpu.nvidia.com" || spec?.driver === "gpu.amd.com")
    .flatMap(({ spec }) => (spec?.devices ?? []).map(({ attributes }) => ({ node: spec?.nodeName, attributes })))
    .filter(({ attributes }) => (attributes?.["type"]?.string ?? "gpu") === "gpu");
  return nodes.map((each) => ({
    ...each,
    devices: gpus.filter(({ node }) => node !== undefined && node === each.metadata.name).length,
  }));
}

export interface ExpectedNodes {
  /** `gpus`: that each node must offer to pods; 0 unless given. */
  nodeGroups: readonly { name: string; minSize: number; gpus?: number }[];
  controlPlaneNodes: number;
  /** Of any group; 0 unless given. */
  workerNodes?: number;
  /** That these offer together; 0 unless given. */
  workerGpus?: number;
  condition: "Ready" | "Registered";
}

/** One sentence for each group that lacks nodes; empty when all are there. */
export function missingNodes(expected: ExpectedNodes, nodes: readonly NodeObject[]): string[] {
  const labelled = (label: string, value?: string) =>
    nodes.filter(
      ({ metadata: { labels = {} } }) => label in labels && (value === undefined || labels[label] === value),
    );
  const workers = workersOf(nodes);
  return [
    shortfall("control plane", expected.controlPlaneNodes, labelled(controlPlaneLabel), expected.condition),
    shortfall("the cluster", expected.workerNodes ?? 0, workers, expected.condition),
    gpuShortfall(expected.workerGpus ?? 0, workers),
    ...expected.nodeGroups.map(({ name, minSize, gpus = 0 }) =>
      shortfall(`node group "${name}"`, minSize, labelled(nodeGroupLabel, name), expected.condition, gpus),
    ),
  ].filter((sentence) => sentence !== undefined);
}

/** Names of nodes that offer less GPUs than they should: those of their group, or any where GPUs are missing and nobody knows whose. */
export function nodesWithoutGpus(
  { nodeGroups, workerGpus = 0 }: Pick<ExpectedNodes, "nodeGroups" | "workerGpus">,
  nodes: readonly NodeObject[],
): string[] {
  const wanted = new Map(nodeGroups.map(({ name, gpus }) => [name, gpus ?? 0]));
  const workers = workersOf(nodes);
  const atLeast = sumOf(workers) < workerGpus ? 1 : 0;
  return workers
    .filter((node) => offeredGpus(node) < (wanted.get(node.metadata.labels?.[nodeGroupLabel] ?? "") ?? atLeast))
    .map(({ metadata }) => metadata.name ?? "");
}

/** What a user should know of nodes whose image brought a containerd without support; undefined where there are none. */
export function oldRuntimes(nodes: readonly NodeObject[]): string | undefined {
  const old = nodes.flatMap(({ metadata, status }) => {
    const version = /^containerd:\/\/(1\..*)/.exec(status?.nodeInfo?.containerRuntimeVersion ?? "")?.[1];
    return version === undefined ? [] : [`${metadata.name} (${version})`];
  });
  if (old.length === 0) return undefined;
  return `containerd before 2 gets no mends any more, and Kubernetes 1.38 refuses it: take an image with containerd 2 for ${old.sort().join(", ")}`;
}

function workersOf(nodes: readonly NodeObject[]): NodeObject[] {
  return nodes.filter(({ metadata: { labels = {} } }) => !(controlPlaneLabel in labels));
}

function gpuShortfall(wanted: number, nodes: readonly NodeObject[]): string | undefined {
  const offered = sumOf(nodes);
  return offered < wanted ? `the cluster's nodes offer ${offered} of ${wanted} GPUs` : undefined;
}

function sumOf(nodes: readonly NodeObject[]): number {
  return nodes.reduce((sum, node) => sum + offeredGpus(node), 0);
}

/** Whole ones, shares of them and partitions, of NVIDIA's and of AMD's. */
function offeredGpus({ status, devices }: NodeObject): number {
  if (devices !== undefined) return devices;
  return Object.entries(status?.allocatable ?? {})
    .filter(([resource]) => /^(nvidia|amd)\.com\//.test(resource))
    .reduce((sum, [, quantity]) => sum + Number(quantity), 0);
}

function shortfall(
  group: string,
  wanted: number,
  nodes: readonly NodeObject[],
  condition: ExpectedNodes["condition"],
  gpus = 0,
): string | undefined {
  const staying = nodes.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const bad = staying.flatMap((node) => {
    const lacks = whatItLacks(node, condition, gpus);
    return lacks === undefined ? [] : [`${node.metadata.name} ${lacks}`];
  });
  const good = staying.length - bad.length;
  if (good >= wanted) return undefined;
  const absent = wanted - staying.length;
  const reasons = [...(absent > 0 ? [`${absent} not joined`] : []), ...bad];
  return `${group} has ${good} of ${wanted} nodes (${reasons.join(", ")})`;
}

function whatItLacks(node: NodeObject, condition: ExpectedNodes["condition"], gpus: number): string | undefined {
  const why = condition === "Ready" ? whyNotReady(node) : undefined;
  if (why !== undefined) return `is not Ready: ${why}`;
  const offered = offeredGpus(node);
  return offered < gpus ? `offers ${offered} of its ${gpus} GPUs` : undefined;
}

function whyNotReady({ status }: NodeObject): string | undefined {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status === "True") return undefined;
  return ready === undefined
    ? "kubelet has not reported yet"
    : [ready.reason, ready.message].filter(Boolean).join(": ");
}
