import type * as pulumi from "../../sdk/pulumi";
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import { cilium } from "../versions";

/** Cilium by its pinned Helm chart. */
export function ciliumResources(name: string, options: pulumi.CustomResourceOptions): pulumi.Resource[] {
  const release = new Release(
    `${name}-cilium`,
    {
      name: cilium.chart,
      chart: cilium.chart,
      version: cilium.version,
      repositoryOpts: { repo: cilium.repository },
      namespace: "kube-system",
      skipAwait: true,
      // kube-controller-manager hands out each node's pod range, as kubeadm's podSubnet says.
      values: { ipam: { mode: "kubernetes" } },
    },
    options,
  );
  return [release];
}
