import { Release } from "@pulumi/kubernetes/helm/v3/release";
import type * as pulumi from "../../../sdk/pulumi";
import { efsCsiDriver } from "../../versions";
import { chartPlace, chartSource, tellNeeds } from "../chart";
import type { AddOn } from "../add-on";
import { sharedClass } from "./storage-class";

export interface EfsOptions {
  fileSystemId: pulumi.Input<string>;
  /** Without them nothing reaches the file system. */
  ready: pulumi.Resource[];
}

/** AWS's driver for EFS by its pinned Helm chart, and the StorageClass, whose every volume is an access point. */
export function efsStorage({ fileSystemId, ready }: EfsOptions): AddOn {
  return ({ name }, options) => {
    const after = { ...options, dependsOn: [...([options.dependsOn ?? []].flat() as pulumi.Resource[]), ...ready] };
    const { version } = efsCsiDriver;
    tellNeeds(
      [
        `Shared storage: AWS's driver for EFS ${version}, a chart of ${chartPlace(efsCsiDriver)}; nodes fetch from public.ecr.aws`,
      ],
      options.parent,
    );
    const driver = new Release(
      `${name}-efs`,
      {
        name: efsCsiDriver.chart,
        ...chartSource(efsCsiDriver),
        namespace: "kube-system",
        // It runs when nodes do, and claims wait for it.
        skipAwait: true,
        values: efsValues,
      },
      after,
    );
    const parameters = { provisioningMode: "efs-ap", fileSystemId, directoryPerms: "700", basePath: "/volumes" };
    return [
      sharedClass(`${name}-shared`, { provisioner: "efs.csi.aws.com", parameters }, { ...after, dependsOn: [driver] }),
    ];
  };
}

/** Reference: charts/aws-efs-csi-driver/values.yaml of kubernetes-sigs/aws-efs-csi-driver, 4.4.1. */
export const efsValues = {
  controller: {
    // Pods cannot ask for the node's role, only what has the machine's own network can; of that, one has a place on each node.
    hostNetwork: true,
    replicaCount: 1,
    tolerations: [{ operator: "Exists" }],
    // The control plane's role may not do it.
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "gpu-clusters/node-group", operator: "Exists" }] }],
        },
      },
    },
  },
};
