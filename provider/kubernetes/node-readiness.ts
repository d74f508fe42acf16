/** Which nodes a cluster still lacks, in words. Pure. */
import type { KubernetesObject } from "./api";

export const nodeGroupLabel = "gpu-clusters/node-group";
const controlPlaneLabel = "node-role.kubernetes.io/control-plane";

export interface NodeObject extends KubernetesObject {
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string }[] };
}

export interface ExpectedNodes {
  nodeGroups: readonly { name: string; minSize: number }[];
  controlPlaneNodes: number;
  /** Of any group; 0 unless given. */
  workerNodes?: number;
  condition: "Ready" | "Registered";
}

/** One sentence for each group that lacks nodes; empty when all are there. */
export function missingNodes(expected: ExpectedNodes, nodes: readonly NodeObject[]): string[] {
  const labelled = (label: string, value?: string) =>
    nodes.filter(
      ({ metadata: { labels = {} } }) => label in labels && (value === undefined || labels[label] === value),
    );
  return [
    shortfall("control plane", expected.controlPlaneNodes, labelled(controlPlaneLabel), expected.condition),
    shortfall(
      "the cluster",
      expected.workerNodes ?? 0,
      nodes.filter(({ metadata: { labels = {} } }) => !(controlPlaneLabel in labels)),
      expected.condition,
    ),
    ...expected.nodeGroups.map(({ name, minSize }) =>
      shortfall(`node group "${name}"`, minSize, labelled(nodeGroupLabel, name), expected.condition),
    ),
  ].filter((sentence) => sentence !== undefined);
}

function shortfall(
  group: string,
  wanted: number,
  nodes: readonly NodeObject[],
  condition: ExpectedNodes["condition"],
): string | undefined {
  const staying = nodes.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const bad = condition === "Ready" ? staying.filter((node) => whyNotReady(node) !== undefined) : [];
  const good = staying.length - bad.length;
  if (good >= wanted) return undefined;
  const absent = wanted - staying.length;
  const reasons = [
    ...(absent > 0 ? [`${absent} not joined`] : []),
    ...bad.map((node) => `${node.metadata.name} is not Ready: ${whyNotReady(node)}`),
  ];
  return `${group} has ${good} of ${wanted} nodes (${reasons.join(", ")})`;
}

function whyNotReady({ status }: NodeObject): string | undefined {
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  if (ready?.status === "True") return undefined;
  return ready === undefined
    ? "kubelet has not reported yet"
    : [ready.reason, ready.message].filter(Boolean).join(": ");
}
