/** One node group as the protocol tells of it in a round. */
import { status as grpcStatus } from "@grpc/grpc-js";
import { nodeType } from "../../../autoscaler/protocol/descriptors";
import type { ExternalGrpcNode, Instance, NodeGroup } from "../../../autoscaler/protocol/messages";
import type { ProtocolClient } from "./protocol-client";
import { quantities, type Node, type Room } from "./scheduling";

export interface PlayedGroup extends NodeGroup {
  readonly target: number;
  readonly instances: readonly Instance[];
  /** Undefined where the server has none. */
  readonly template: Room | undefined;
  /** Those of the cluster's nodes that are of it. */
  readonly nodes: Node[];
}

interface TemplateNode {
  metadata: { labels: Record<string, string> };
  spec: { taints: { key: string; value: string; effect: string }[] };
  status: { allocatable: Record<string, { string: string }> };
}

/** In cluster-autoscaler's own order of calls. */
export async function playedGroups(client: ProtocolClient, nodes: readonly Node[]): Promise<PlayedGroup[]> {
  await client.call("Refresh", {});
  const { nodeGroups } = await client.call("NodeGroups", {});
  const groups: PlayedGroup[] = [];
  for (const group of nodeGroups) {
    const { id } = group;
    const { targetSize: target } = await client.call("NodeGroupTargetSize", { id });
    const template = await templateOf(client, id);
    const { instances } = await client.call("NodeGroupNodes", { id });
    await optional(client.call("NodeGroupGetOptions", { id }));
    groups.push({ ...group, target, instances, template, nodes: [] });
  }
  for (const node of nodes) {
    const { nodeGroup } = await client.call("NodeGroupForNode", { node: wireNode(node) });
    groups.find(({ id }) => id === nodeGroup.id)?.nodes.push(node);
  }
  return groups;
}

export function wireNode({ metadata, spec }: Node): ExternalGrpcNode {
  return { name: metadata.name!, providerID: spec.providerID ?? "", labels: metadata.labels ?? {} };
}

/** What stands for a machine that has no node. */
export function instanceNode({ id }: Instance): ExternalGrpcNode {
  return { name: id, providerID: id, labels: {} };
}

async function templateOf(client: ProtocolClient, id: string): Promise<Room | undefined> {
  const answer = await optional(client.call("NodeGroupTemplateNodeInfo", { id }));
  if (!answer) return undefined;
  const node = nodeType.toObject(nodeType.decode(answer.nodeBytes), { defaults: true }) as TemplateNode;
  const allocatable = Object.entries(node.status.allocatable).map(([name, { string }]) => [name, string] as const);
  return {
    labels: node.metadata.labels,
    taints: node.spec.taints,
    free: quantities(Object.fromEntries(allocatable)),
  };
}

/** A server may leave the method out. */
async function optional<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: { code?: number }) => {
    if (error.code === grpcStatus.UNIMPLEMENTED) return undefined;
    throw error;
  });
}
