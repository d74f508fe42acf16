/** Releases of pinned Helm charts. */
import { Release, type ReleaseArgs } from "@pulumi/kubernetes/helm/v3/release";
import { ReleaseUnlocked } from "../../sdk/kubernetes/release-unlocked";
import type * as pulumi from "../../sdk/pulumi";
import type { AddOnPlace } from "./add-on";
import { chartSource, type PinnedChart } from "./chart";

/** Where it is, as this package's own resources need it. */
export type ReleasePlace = Pick<AddOnPlace, "kubeconfig" | "own">;

export interface HelmReleaseArgs extends Pick<ReleaseArgs, "skipAwait" | "timeout" | "values"> {
  /** Of the release. */
  name: string;
  namespace: pulumi.Input<string>;
}

/** One that goes on after an operation whose end Helm could not note, too. */
export function helmRelease(
  resource: string,
  pinned: PinnedChart,
  args: HelmReleaseArgs,
  { kubeconfig, own }: ReleasePlace,
  options: pulumi.CustomResourceOptions,
): Release {
  const after = [options.dependsOn ?? []].flat() as pulumi.Resource[];
  // The cluster's provider is not ours.
  const ours = { ...own, ...options, dependsOn: after };
  if (own.provider) ours.provider = own.provider;
  else delete ours.provider;
  const { name, namespace } = args;
  const unlocked = new ReleaseUnlocked(`${resource}-unlocked`, { kubeconfig, namespace, name }, ours);
  return new Release(
    resource,
    // Or a name counts as taken after a first installation that failed.
    { ...args, ...chartSource(pinned), replace: true },
    { ...options, dependsOn: [...after, unlocked] },
  );
}
