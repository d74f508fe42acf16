import { Release } from "@pulumi/kubernetes/helm/v3/release";
import type * as pulumi from "../../../sdk/pulumi";
import { nfsCsiDriver } from "../../versions";
import { chartPlace, chartSource, tellNeeds } from "../chart";
import type { AddOn } from "../add-on";
import { sharedClass } from "./storage-class";

export interface NfsOptions {
  /** Address of the file server as nodes reach it; its NFSv4 root is the share. */
  server: pulumi.Input<string>;
  /** The server: it must answer until the last volume is gone. */
  ready: pulumi.Resource[];
}

/** Kubernetes' driver for NFS by its pinned Helm chart, and the StorageClass, whose every volume is a directory of the share. */
export function nfsStorage({ server, ready }: NfsOptions): AddOn {
  return ({ name }, options) => {
    const after = { ...options, dependsOn: [...([options.dependsOn ?? []].flat() as pulumi.Resource[]), ...ready] };
    const { version } = nfsCsiDriver;
    tellNeeds(
      [
        `Shared storage: Kubernetes' driver for NFS ${version}, a chart of ${chartPlace(nfsCsiDriver)}; nodes fetch from registry.k8s.io`,
      ],
      options.parent,
    );
    const driver = new Release(
      `${name}-nfs`,
      {
        name: nfsCsiDriver.chart,
        ...chartSource(nfsCsiDriver),
        namespace: "kube-system",
        // It runs when nodes do, and claims wait for it.
        skipAwait: true,
        values: nfsValues,
      },
      after,
    );
    // Whoever a pod runs as may write, as in the other clouds.
    const parameters = { server, share: "/", mountPermissions: "0777" };
    const mountOptions = ["nfsvers=4.1", "hard"];
    return [
      sharedClass(
        `${name}-shared`,
        { provisioner: "nfs.csi.k8s.io", parameters, mountOptions },
        { ...after, dependsOn: [driver] },
      ),
    ];
  };
}

/** Reference: charts/v4.13.4/csi-driver-nfs/values.yaml of kubernetes-csi/csi-driver-nfs. */
export const nfsValues = {
  controller: { replicas: 1, tolerations: [{ operator: "Exists" }] },
  node: { tolerations: [{ operator: "Exists" }] },
};
