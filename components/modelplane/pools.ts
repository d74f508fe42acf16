import { requireTexts } from "../../sdk/function-arguments";
import * as pulumi from "../../sdk/pulumi";
import type { KubernetesCluster, NodeGroupStatus } from "../cluster";
import { InvalidInput } from "../errors";
import type { ExistingSourceArgs, NodePoolArgs } from "./args";
import { knownModels, publishedOf, type GpuArgs } from "./gpus";
import { InferenceClass } from "./inference-class";
import { poolClassName } from "./names";
import { isThere, ofAllThere } from "../left-out";

export interface PoolPlace {
  name: string;
  clusterName: string;
  controlPlane: KubernetesCluster;
  existing: ExistingSourceArgs | undefined;
  parent: pulumi.Resource;
  after: pulumi.Resource[];
}

/** The label that Modelplane pins models' pods by: for `labels` of the node group of a pool. */
export function poolLabels(pool: string): Record<string, string> {
  requireTexts("poolLabels", { pool });
  return { "modelplane.ai/pool": pool };
}

/** A pool as Modelplane's API has it, and the class that was made for it, if one was. */
export function nodePool(
  index: number,
  pool: NodePoolArgs,
  place: PoolPlace,
): { spec: pulumi.Input<object>; made: pulumi.Resource[] } {
  const { class: given, gpus, nodeCount, ...rest } = pool;
  if (given !== undefined) {
    const className = typeof given === "string" ? given : given.className;
    return { spec: defined({ ...rest, className, nodeCount }), made: typeof given === "string" ? [] : [given] };
  }
  const group = gpus === undefined ? groupOf(index, pool.name, place.existing!.cluster) : undefined;
  const derived = new InferenceClass(
    `${place.name}-${pool.name}`,
    {
      controlPlane: place.controlPlane,
      className: poolClassName(place.clusterName, pool.name),
      // Of a group that is left out they stay unknown, which the class takes.
      gpus: gpus ?? group!.apply((found) => (isThere(found) ? gpusOf(index, found) : (pulumi.unknown as GpuArgs))),
    },
    { parent: place.parent, dependsOn: place.after },
  );
  const count = nodeCount ?? (pool.minNodeCount === undefined ? group?.minSize : undefined);
  return { spec: defined({ ...rest, className: derived.className, nodeCount: count }), made: [derived] };
}

/** Rejects with `InvalidInput` where the cluster has no such group. */
export function groupOf(index: number, name: string, cluster: KubernetesCluster): pulumi.Output<NodeGroupStatus> {
  return ofAllThere([cluster.nodeGroups], (groups) => {
    const group = groups.find((candidate) => candidate.name === name);
    if (group !== undefined) return group;
    const names = groups.map((candidate) => `"${candidate.name}"`).join(", ") || "none that this program knows";
    throw wrong(
      `nodePools[${index}].class`,
      `is required, or gpus: the cluster has no node group "${name}" that would tell which GPUs its nodes have; it has ${names}`,
    );
  });
}

/** Throws `InvalidInput` where the group does not tell them. */
export function gpusOf(index: number, { name, gpus: count, gpuModel: model }: NodeGroupStatus): GpuArgs {
  if (count > 0 && model !== undefined && publishedOf(model) !== undefined) return { model, count };
  const why =
    count === 0
      ? "has no GPUs"
      : `has GPUs of a model that is not known here (${model ?? "not told"}; known: ${knownModels})`;
  throw wrong(`nodePools[${index}].class`, `is required: the cluster's node group "${name}" ${why}`);
}

function wrong(propertyPath: string, reason: string): InvalidInput {
  return new InvalidInput("InferenceCluster", [{ propertyPath, reason }]);
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
