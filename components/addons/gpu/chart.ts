/** A pinned chart for GPUs, whose pods reach into the nodes. */
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import type * as pulumi from "../../../sdk/pulumi";
import type { PinnedChart } from "../chart";
import type { Toleration } from "../in-cluster";
import { helmRelease, type ReleasePlace } from "../release";
import type { GpuGroup } from "./groups";
import { tolerationsOf } from "./scheduling";

export interface GpuChart {
  readonly pinned: PinnedChart;
  /** Of the release. */
  readonly release: string;
  /** Made for it. */
  readonly namespace: string;
  values(tolerations: readonly Toleration[]): pulumi.Input<Record<string, unknown>>;
}

/** Nothing is awaited here: its pods run once there are nodes, and `NodesReady` waits for their GPUs. */
export function gpuChart(
  name: string,
  { pinned, release, namespace, values }: GpuChart,
  groups: readonly GpuGroup[],
  place: ReleasePlace,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const own = new Namespace(
    `${name}-namespace`,
    { metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
    options,
  );
  const chart = helmRelease(
    name,
    pinned,
    {
      name: release,
      namespace: own.metadata.name,
      skipAwait: true,
      values: tolerationsOf(groups).apply(values),
    },
    place,
    options,
  );
  return [own, chart];
}
