import * as pulumi from "../../../sdk/pulumi";
import { efsCsiDriver } from "../../versions";
import type { AddOn } from "../add-on";
import { storageByDriver } from "./driver";
import { onNodeGroups } from "./place";

export interface EfsOptions {
  fileSystemId: pulumi.Input<string>;
  /** What access points carry: who may delete one is told by it. Key and value have nothing that YAML or the driver reads otherwise. */
  mark: { key: string; value: string };
  /** What they carry besides. */
  tags: pulumi.Input<Record<string, string>>;
  /** Without them nothing reaches the file system. */
  ready: pulumi.Resource[];
}

/** AWS's driver for EFS by its pinned Helm chart, and the StorageClass, whose every volume is an access point. */
export function efsStorage({ fileSystemId, mark, tags, ready }: EfsOptions): AddOn {
  const driver = {
    short: "efs",
    title: "AWS's driver for EFS",
    pinned: efsCsiDriver,
    registry: "public.ecr.aws",
    values: { controller: { ...controller, tags: pulumi.output(tags).apply((others) => inOneEntry(mark, others)) } },
  };
  const parameters = {
    provisioningMode: "efs-ap",
    fileSystemId,
    directoryPerms: "700",
    basePath: "/volumes",
    ...owner,
  };
  const keeps = Object.keys(owner).map((field) => `parameters.${field}`);
  return storageByDriver(driver, { provisioner: "efs.csi.aws.com", parameters, keeps }, ready);
}

/**
 * Whoever a pod runs as, to EFS it is this user, and so is the owner of all files: the usual one of notebooks and of Ray. With one that nobody is, git and
 * ssh refuse what lies in a home. With one for each volume, as the driver gives them, there are no more than a thousand.
 */
const owner = { uid: "1000", gid: "1000" };

/** Reference: charts/aws-efs-csi-driver/values.yaml of kubernetes-sigs/aws-efs-csi-driver, 4.4.1. */
const controller = {
  // Pods cannot ask for the node's role, only what has the machine's own network can; of that, one has a place on each node.
  hostNetwork: true,
  replicaCount: 1,
  rollingUpdate: { maxSurge: 0, maxUnavailable: 1 },
  // The control plane's role may not do it.
  ...onNodeGroups,
};

/**
 * The chart prints each entry as `key:value`, spaces between them and no quotes around, so that one without a value would end its YAML: what follows
 * the first is in the first one's value. The driver counts bytes where it means letters: what is not ASCII is left out.
 * Reference: kubernetes-sigs/aws-efs-csi-driver 3.4.1, pkg/driver/driver.go.
 */
function inOneEntry({ key, value }: EfsOptions["mark"], others: Record<string, string>): Record<string, string> {
  const words = Object.entries(others)
    .filter((tag) => tag[0] !== key && /^[ -~]*$/.test(tag.join("")))
    .map((tag) => {
      const texts = tag.map((text) => escaped(text.trim(), ":"));
      return escaped(texts[1] === "" ? texts[0]! : texts.join(":"), " ");
    });
  return { [key]: [value, ...words].join(" ") };
}

/** As the driver splits it: first by spaces, then by colons. */
function escaped(text: string, separator: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll(separator, `\\${separator}`);
}
