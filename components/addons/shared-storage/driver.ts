/** What makes volumes of shared storage: a driver by its pinned chart, and the StorageClass. */
import type * as pulumi from "../../../sdk/pulumi";
import type { AddOn } from "../add-on";
import { chartPlace, tellNeeds, type PinnedChart } from "../chart";
import { helmRelease } from "../release";
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
  return ({ name, ...place }, options) => {
    const after = { ...options, dependsOn: [...([options.dependsOn ?? []].flat() as pulumi.Resource[]), ...ready] };
    const need = `Shared storage: ${title} ${pinned.version}, a chart of ${chartPlace(pinned)}; nodes fetch from ${registry}`;
    tellNeeds([need], options.parent);
    const driver = helmRelease(
      `${name}-${short}`,
      pinned,
      {
        name: pinned.chart,
        namespace: "kube-system",
        // It runs when nodes do, and claims wait for it.
        skipAwait: true,
        values,
      },
      place,
      after,
    );
    return [sharedClass(`${name}-shared`, shared, { ...after, dependsOn: [driver] })];
  };
}
