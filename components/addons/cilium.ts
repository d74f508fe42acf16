import type * as pulumi from "../../sdk/pulumi";
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import { cilium } from "../versions";
import { chartPlace, chartSource, tellNeeds } from "./chart";

/** Cilium by its pinned Helm chart. */
export function ciliumResources(name: string, options: pulumi.CustomResourceOptions): pulumi.Resource[] {
  tellNeeds(
    [`Network: Cilium ${cilium.version}, a chart of ${chartPlace(cilium)}; nodes fetch from quay.io`],
    options.parent,
  );
  const release = new Release(
    `${name}-cilium`,
    {
      name: cilium.chart,
      ...chartSource(cilium),
      namespace: "kube-system",
      skipAwait: true,
      // kube-controller-manager hands out each node's pod range, as kubeadm's podSubnet says.
      values: { ipam: { mode: "kubernetes" } },
    },
    options,
  );
  return [release];
}
