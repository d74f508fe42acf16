import type * as pulumi from "../../sdk/pulumi";
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import { cilium } from "../versions";
import { chartPlace, chartSource, tellNeeds } from "./chart";

/** As every network of ours: users' taints, NoExecute too. */
const everything = [{ operator: "Exists" }];

/** What control planes have when its operator must run already. It needs one of them only, and leaves a node that is drained. */
const early = [
  "node-role.kubernetes.io/control-plane",
  "node.kubernetes.io/not-ready",
  "node.cloudprovider.kubernetes.io/uninitialized",
  "node.cilium.io/agent-not-ready",
].map((key) => ({ key, operator: "Exists" }));

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
      values: {
        // kube-controller-manager hands out each node's pod range, as kubeadm's podSubnet says.
        ipam: { mode: "kubernetes" },
        tolerations: everything,
        envoy: { tolerations: everything },
        operator: { tolerations: early },
      },
    },
    options,
  );
  return [release];
}
