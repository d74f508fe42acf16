import assert from "node:assert/strict";
import type { KubernetesObject } from "../../../provider/kubernetes/api";
import { until } from "../../until";
import { answering, testCluster, type TestCluster } from "./test-cluster";

describe("volumes on light machines", function () {
  let cluster: TestCluster;

  before(async () => {
    cluster = await testCluster();
    await cluster.control.start();
    await answering(cluster);
  });
  after(() => cluster.close());

  const apply = (object: KubernetesObject) => cluster.api.apply(object, { fieldManager: "test" });
  const storageClass = (name: string, more: object) =>
    apply({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass", metadata: { name }, ...more });
  const claim = (name: string, storageClassName: string) =>
    apply({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name, namespace: "default" },
      spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "5Gi" } }, storageClassName },
    });
  const claimed = async (name: string) => {
    const found = await cluster.api.read({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      namespace: "default",
      name,
    });
    return found as { status: { phase: string }; spec: { volumeName?: string } } | undefined;
  };
  const volumes = () => cluster.api.list({ apiVersion: "v1", kind: "PersistentVolume" });

  it("are made for claims of a class that answers at once, for no others, and go with the claim", async () => {
    await storageClass("shared", { provisioner: "efs.csi.aws.com" });
    await storageClass("kept", { provisioner: "nfs.csi.k8s.io", reclaimPolicy: "Retain" });
    await storageClass("later", { provisioner: "ebs.csi.aws.com", volumeBindingMode: "WaitForFirstConsumer" });
    await storageClass("none", { provisioner: "kubernetes.io/no-provisioner" });
    const names = ["later", "none", "kept", "shared"];
    for (const name of names) await claim(name, name);
    await until("the claims are bound", async () => {
      const phases = await Promise.all(["kept", "shared"].map(async (name) => (await claimed(name))?.status.phase));
      return phases.every((phase) => phase === "Bound");
    });
    const phases = await Promise.all(names.map(async (name) => (await claimed(name))?.status.phase));
    assert.deepEqual(phases, ["Pending", "Pending", "Bound", "Bound"]);
    const specs = (await volumes()).map(({ spec }) => spec as { csi: { driver: string } });
    assert.deepEqual(specs.map(({ csi }) => csi.driver).sort(), ["efs.csi.aws.com", "nfs.csi.k8s.io"]);

    const kept = (await claimed("kept"))!.spec.volumeName;
    for (const name of ["kept", "shared"])
      await cluster.api.delete({ apiVersion: "v1", kind: "PersistentVolumeClaim", namespace: "default", name });
    await until("the volume has gone with its claim", async () => (await volumes()).length === 1);
    assert.deepEqual(
      (await volumes()).map(({ metadata }) => metadata.name),
      [kept],
    );
  });
});
