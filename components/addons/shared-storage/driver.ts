/** What makes volumes of shared storage: a driver by its pinned chart, and the StorageClass. */
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import type * as pulumi from "../../../sdk/pulumi";
import type { AddOn } from "../add-on";
import { chartPlace, chartSource, tellNeeds, type PinnedChart } from "../chart";
import { sharedClass, type ClassOptions } from "./storage-class";

export interface StorageDriver {
  /** In the resource's name. */
  readonly short: string;
  /** For people: `Kubernetes' driver for NFS`. */
  readonly title: string;
  readonly pinned: PinnedChart;
  /** Where nodes fetch its images. */
  readonly registry: string;
  readonly values: Record<string, unknown>;
}

/** @param ready without them nothing reaches the files: they are there before the driver, until the last volume is gone */
export function storageByDriver(
  { short, title, pinned, registry, values }: StorageDriver,
  shared: ClassOptions,
  ready: readonly pulumi.Resource[],
): AddOn {
  return ({ name }, options) => {
    const after = { ...options, dependsOn: [...([options.dependsOn ?? []].flat() as pulumi.Resource[]), ...ready] };
    const need = `Shared storage: ${title} ${pinned.version}, a chart of ${chartPlace(pinned)}; nodes fetch from ${registry}`;
    tellNeeds([need], options.parent);
    const driver = new Release(
      `${name}-${short}`,
      {
        name: pinned.chart,
        ...chartSource(pinned),
        namespace: "kube-system",
        // It runs when nodes do, and claims wait for it.
        skipAwait: true,
        values,
      },
      after,
    );
    return [sharedClass(`${name}-shared`, shared, { ...after, dependsOn: [driver] })];
  };
}
