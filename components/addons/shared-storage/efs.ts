import type * as pulumi from "../../../sdk/pulumi";
import { efsCsiDriver } from "../../versions";
import type { AddOn } from "../add-on";
import { storageByDriver } from "./driver";
import { onNodeGroups } from "./place";

export interface EfsOptions {
  fileSystemId: pulumi.Input<string>;
  /** What access points carry: who may delete one is told by it. */
  tags: Readonly<Record<string, string>>;
  /** Without them nothing reaches the file system. */
  ready: pulumi.Resource[];
}

/** AWS's driver for EFS by its pinned Helm chart, and the StorageClass, whose every volume is an access point. */
export function efsStorage({ fileSystemId, tags, ready }: EfsOptions): AddOn {
  const driver = {
    short: "efs",
    title: "AWS's driver for EFS",
    pinned: efsCsiDriver,
    registry: "public.ecr.aws",
    values: { controller: { ...controller, tags } },
  };
  const parameters = { provisioningMode: "efs-ap", fileSystemId, directoryPerms: "700", basePath: "/volumes" };
  return storageByDriver(driver, { provisioner: "efs.csi.aws.com", parameters }, ready);
}

/** Reference: charts/aws-efs-csi-driver/values.yaml of kubernetes-sigs/aws-efs-csi-driver, 4.4.1. */
const controller = {
  // Pods cannot ask for the node's role, only what has the machine's own network can; of that, one has a place on each node.
  hostNetwork: true,
  replicaCount: 1,
  // The control plane's role may not do it.
  ...onNodeGroups,
};
