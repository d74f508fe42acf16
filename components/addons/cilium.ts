import type * as pulumi from "../../sdk/pulumi";
import { cilium } from "../versions";
import { chartPlace, tellNeeds } from "./chart";
import { controlPlaneLabel, controlPlaneNodes } from "./in-cluster";
import { helmRelease, type ReleasePlace } from "./release";

/** As every network of ours: users' taints, NoExecute too. */
const everything = [{ operator: "Exists" }];

/** What control planes have when its operator must run already. It leaves a node that is drained. */
const early = [
  controlPlaneLabel,
  "node.kubernetes.io/not-ready",
  "node.cloudprovider.kubernetes.io/uninitialized",
  "node.cilium.io/agent-not-ready",
].map((key) => ({ key, operator: "Exists" }));

/** Cilium by its pinned Helm chart. */
export function ciliumResources(
  name: string,
  place: ReleasePlace,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  tellNeeds(
    [`Network: Cilium ${cilium.version}, a chart of ${chartPlace(cilium)}; nodes fetch from quay.io`],
    options.parent,
  );
  const release = helmRelease(
    `${name}-cilium`,
    cilium,
    {
      name: cilium.chart,
      namespace: "kube-system",
      skipAwait: true,
      values: {
        // kube-controller-manager hands out each node's pod range, as kubeadm's podSubnet says.
        ipam: { mode: "kubernetes" },
        tolerations: everything,
        envoy: { tolerations: everything },
        // The chart's two never share a node: beside one control plane the second waited for a machine, which was bought for it and never went.
        operator: {
          replicas: 1,
          nodeSelector: controlPlaneNodes,
          tolerations: early,
        },
      },
    },
    place,
    options,
  );
  return [release];
}
