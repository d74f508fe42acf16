import type * as pulumi from "../../../sdk/pulumi";
import { nfsCsiDriver } from "../../versions";
import type { AddOn } from "../add-on";
import { onEveryNode } from "../in-cluster";
import { storageByDriver } from "./driver";

export interface NfsOptions {
  /** Address of the file server as nodes reach it; its NFSv4 root is the share. */
  server: pulumi.Input<string>;
  /** The server: it must answer until the last volume is gone. */
  ready: pulumi.Resource[];
}

/** The server speaks version 4 only, and a pod waits for one that is away. */
export const nfsMountOptions = ["nfsvers=4.1", "hard"] as const;

/** Kubernetes' driver for NFS by its pinned Helm chart, and the StorageClass, whose every volume is a directory of the share. */
export function nfsStorage({ server, ready }: NfsOptions): AddOn {
  const driver = {
    short: "nfs",
    title: "Kubernetes' driver for NFS",
    pinned: nfsCsiDriver,
    registry: "registry.k8s.io",
    values: nfsValues,
  };
  // Whoever a pod runs as may write, as in the other clouds.
  const parameters = { server, share: "/", mountPermissions: "0777" };
  return storageByDriver(
    driver,
    { provisioner: "nfs.csi.k8s.io", parameters, mountOptions: [...nfsMountOptions] },
    ready,
  );
}

/** Reference: charts/v4.13.4/csi-driver-nfs/values.yaml of kubernetes-csi/csi-driver-nfs. */
const nfsValues = {
  controller: { replicas: 1, tolerations: onEveryNode },
  node: { tolerations: [{ operator: "Exists" }] },
};
