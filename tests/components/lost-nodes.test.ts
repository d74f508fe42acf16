/** What is in a cluster once moves to another machine when its own has gone silent. */
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { AddOn } from "../../components/addons/add-on";
import { ebsStorage } from "../../components/addons/block-storage/ebs";
import type { GpuFields } from "../../components/addons/gpu/groups";
import { gpuSupport } from "../../components/addons/gpu/install";
import type { Toleration } from "../../components/addons/in-cluster";
import { efsStorage } from "../../components/addons/shared-storage/efs";
import { fileShareStorage } from "../../components/addons/shared-storage/file-share";
import { nfsStorage } from "../../components/addons/shared-storage/nfs";
import { mockProgram, plain, settled } from "./mocks";

const gpus: GpuFields = { name: "gpu", gpus: 8, taints: [{ key: "team", value: "a", effect: "NoExecute" }] };
const addOns: Readonly<Record<string, AddOn>> = {
  "EFS's driver": efsStorage({ fileSystemId: "fs-1", mark: { key: "cluster", value: "train" }, tags: {}, ready: [] }),
  "the driver for NFS": nfsStorage({ server: "10.0.0.2", ready: [] }),
  "directories of a share that groups have": fileShareStorage({ path: "/mnt/a", ready: [], onGroups: true }),
  "directories of a share that all nodes have": fileShareStorage({ path: "/mnt/a", ready: [] }),
  "EBS's driver": ebsStorage({ region: "us-west-2", tags: {}, clusterName: "train" }),
  "node features": gpuSupport([gpus], { mode: "plugin" }),
  "NVIDIA's operator": gpuSupport([{ ...gpus, gpuDriver: "operator" }], { mode: "plugin" }),
  "NVIDIA's DRA driver": gpuSupport([gpus], { mode: "dra" }),
  "AMD's operator": gpuSupport([{ ...gpus, gpuVendor: "amd" }], { mode: "plugin" }),
};

/** Of charts' values, whatever is below one of these is a pod that is there once. */
const once = new Set(["controller", "operator", "master", "gc", "controllerManager"]);

describe("what is in a cluster once", () => {
  for (const [name, addOn] of Object.entries(addOns))
    it(`leaves a machine that has gone silent, and stays on those of groups with taints: ${name}`, async () => {
      const registered = await mockProgram({});
      const kubernetesVersion = pulumi.output("1.36.3");
      addOn({ name: "train", kubernetesVersion, kubeconfig: pulumi.output(""), nodeGroups: [], own: {} }, {});
      await settled();
      const found = registered.resources.flatMap(({ type, inputs }) => {
        if (type === "kubernetes:apps/v1:Deployment") return [podOf(plain(inputs))];
        return type === "kubernetes:helm.sh/v3:Release" ? podsOf((plain(inputs) as { values: object }).values) : [];
      });
      assert.notEqual(found.length, 0);
      for (const tolerations of found) {
        for (const state of ["not-ready", "unreachable"])
          assert.ok(secondsOn(`node.kubernetes.io/${state}`, tolerations) <= 300, JSON.stringify(tolerations));
        if (secondsOn("team", tolerations) > 0) assert.equal(secondsOn("team", tolerations), Infinity);
      }
    });
});

function podOf(deployment: unknown): Toleration[] {
  return (
    (deployment as { spec: { template: { spec: { tolerations?: Toleration[] } } } }).spec.template.spec.tolerations ??
    []
  );
}

function podsOf(values: object): Toleration[][] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (typeof value !== "object" || value === null) return [];
    const { tolerations } = value as { tolerations?: Toleration[] };
    return [...(once.has(key) && tolerations ? [tolerations] : []), ...podsOf(value as object)];
  });
}

/** How long a pod stays where that taint is one of `NoExecute`: the first toleration that fits counts, and Kubernetes adds its own where none does. */
function secondsOn(key: string, tolerations: readonly Partial<Toleration>[]): number {
  const fits = tolerations.find((each) => (each.key ?? key) === key && (each.effect ?? "NoExecute") === "NoExecute");
  if (fits === undefined) return key.startsWith("node.kubernetes.io/") ? 300 : 0;
  return fits.tolerationSeconds ?? Infinity;
}
