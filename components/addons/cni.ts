import * as pulumi from "@pulumi/pulumi";
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import type { Provider } from "@pulumi/kubernetes/provider";
import { cilium } from "../versions";
import { flannelResources } from "./flannel";

export interface CniOptions {
  kind: "cilium" | "flannel";
  provider: Provider;
  podSubnet: string;
}

/**
 * Installs the network between pods and returns what the nodes' readiness waits for. Nothing is awaited here: the pods of a CNI can
 * run only once there are nodes, and nodes become Ready only once it runs.
 */
export function installCni(
  name: string,
  { kind, provider, podSubnet }: CniOptions,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const inCluster = { ...options, provider };
  if (kind === "flannel") {
    return flannelResources(name, podSubnet, inCluster);
  }
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
    inCluster,
  );
  return [release];
}
