/** Tells those whose pods wait why their node group does not grow, and of each node why it stays. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { KubernetesApi, KubernetesObject } from "../../provider/kubernetes/api";
import type { NodeGroupMachine, NodeGroupProblem, NodeTemplate } from "../../provider/node-groups/driver";
import { allEnded } from "../all-ended";

const component = "gpu-clusters-autoscaler";
/** A stock-out concerns all pods of a group alike: those that wait longest are told. */
const mostPods = 10;
/** Of these. A queue of jobs may be longer than memory. */
const mostRead = 1000;
const mostCharacters = 1000;

export interface StockOut {
  readonly group: string;
  readonly template: NodeTemplate | undefined;
  readonly problem: NodeGroupProblem;
}

/** An Event at pods that wait for a node of the group. */
export async function tellStockOut(api: KubernetesApi, stockOut: StockOut, signal: AbortSignal): Promise<void> {
  const fieldSelector = "status.phase=Pending,spec.nodeName=";
  const query = { apiVersion: "v1", kind: "Pod", fieldSelector, limit: 100, most: mostRead };
  const pods = (await api.list(query, signal)).filter((pod) => couldRunOn(pod, stockOut.template));
  const oldest = pods.sort((a, b) => ageOf(a).localeCompare(ageOf(b))).slice(0, mostPods);
  const told = {
    reason: stockOut.problem.kind === "capacity" ? "NodeGroupOutOfCapacity" : "NodeGroupNotGrowing",
    action: "ScaleUp",
    note: `node group ${stockOut.group} does not grow: ${stockOut.problem.message}`,
  };
  await allEnded(oldest.map((pod) => api.create(eventAtPod(pod, told), signal)));
}

export interface RefusedRemoval {
  readonly group: string;
  /** Names of nodes; of a machine that did not join, what it was named by. */
  readonly nodes: readonly string[];
  readonly reason: string;
}

/** cluster-autoscaler asks again in each round. */
const againMs = 600_000;

/** Events at nodes whose removal was refused, each reason once in a while. */
export class RefusedRemovals {
  private readonly told = new Map<string, number>();

  constructor(
    private readonly api: KubernetesApi,
    private readonly now: () => number,
  ) {}

  async tell({ group, nodes, reason }: RefusedRemoval, signal: AbortSignal): Promise<void> {
    for (const [text, at] of this.told) if (this.now() - at >= againMs) this.told.delete(text);
    if (this.told.has(reason)) return;
    this.told.set(reason, this.now());
    const note = `node group ${group} keeps its machine: ${reason}`;
    const told = { name: group, reason: "MachineKept", action: "ScaleDown", note };
    await allEnded(nodes.map((name) => this.api.create(eventAtNode(name, told), signal)));
  }
}

export interface GivenUp {
  readonly group: string;
  readonly machines: readonly Pick<NodeGroupMachine, "id" | "nodeName">[];
}

/** Events at the nodes that machines were to become. */
export async function tellGivenUp(
  api: KubernetesApi,
  { group, machines }: GivenUp,
  signal: AbortSignal,
): Promise<void> {
  const eventOfMachine = ({ id, nodeName }: GivenUp["machines"][number]) => {
    const note =
      `machine ${id} of node group ${group} runs and has not become a node: it is removed, and another comes in its place where the group needs one. ` +
      "/var/log/gpu-clusters-bootstrap.log on it, or its console, said why";
    return eventAtNode(nodeName, { name: group, reason: "MachineWithoutNode", action: "Replace", note });
  };
  await allEnded(machines.map((machine) => api.create(eventOfMachine(machine), signal)));
}

export interface HeldPod {
  readonly pod: KubernetesObject;
  readonly node: string;
  readonly reason: string;
}

/** An Event at a pod that is not taken off a node whose machine goes. */
export async function tellHeldPod(api: KubernetesApi, held: HeldPod, signal: AbortSignal): Promise<void> {
  const { name, namespace } = held.pod.metadata;
  const note = `the machine of node ${held.node} is taken back, and pod ${namespace}/${name} stays on it: ${held.reason}`;
  await api.create(eventAtPod(held.pod, { reason: "PodNotEvicted", action: "Evict", note }), signal);
}

/** Its node is named as in kubelet's own events. */
function eventAtNode(nodeName: string, told: Omit<Told, "regarding" | "namespace">): KubernetesObject {
  const regarding = { apiVersion: "v1", kind: "Node", name: nodeName, uid: nodeName };
  return eventOf({ regarding, namespace: "default", ...told });
}

/** Of the pod's own (components/addons/autoscaler). */
const deployment = { namespace: "kube-system", name: component };

/** An Event at the autoscaler itself: it cannot give new machines access to Vault. */
export async function tellLostAccess(api: KubernetesApi, reason: string, signal: AbortSignal): Promise<void> {
  const note = `no node group with encrypted disks can grow: ${reason}`;
  const regarding = { apiVersion: "apps/v1", kind: "Deployment", ...deployment };
  await api.create(eventOf({ regarding, ...deployment, reason: "VaultAccessLost", action: "Login", note }), signal);
}

/** By its node selector alone: what else a pod asks of a node is the scheduler's to say. */
function couldRunOn({ spec }: KubernetesObject, template: NodeTemplate | undefined): boolean {
  const { nodeSelector = {} } = (spec ?? {}) as { nodeSelector?: Record<string, string> };
  const labels = template?.labels ?? {};
  return Object.entries(nodeSelector).every(([key, value]) => labels[key] === value);
}

function ageOf({ metadata }: KubernetesObject): string {
  return metadata.creationTimestamp ?? "";
}

function eventAtPod({ metadata }: KubernetesObject, told: Pick<Told, "reason" | "action" | "note">): KubernetesObject {
  const { namespace = "default", name = "", uid } = metadata;
  return eventOf({ regarding: { apiVersion: "v1", kind: "Pod", namespace, name, uid }, namespace, name, ...told });
}

interface Told {
  readonly regarding: object;
  readonly namespace: string;
  /** First part of the event's own. */
  readonly name: string;
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

/** Names of objects have at most 253 characters, those of pods too. */
function eventName(name: string): string {
  const own = `.${randomBytes(8).toString("hex")}`;
  return `${name.slice(0, 253 - own.length).replace(/[^a-z0-9]+$/, "")}${own}`;
}

/** Reference: Kubernetes API, events.k8s.io/v1. */
function eventOf({ regarding, namespace, name, reason, action, note }: Told): KubernetesObject {
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace, name: eventName(name) },
    type: "Warning",
    reason,
    action,
    note: note.length > mostCharacters ? `${note.slice(0, mostCharacters - 1)}…` : note,
    eventTime: new Date().toISOString().replace("Z", "000Z"),
    reportingController: component,
    reportingInstance: hostname(),
    regarding,
  };
}
