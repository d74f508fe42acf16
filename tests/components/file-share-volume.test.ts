import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { FileShareVolume, fileSharePodVolume } from "../../components/addons/file-share-volume";
import type { KubernetesCluster } from "../../components/cluster";
import { mockProgram, settled, valueOf } from "./mocks";

const cluster = { clusterName: pulumi.output("train") } as KubernetesCluster;

describe("FileShareVolume", () => {
  it("binds a claim to the share's path on the nodes, and nothing else to it", async () => {
    const registered = await mockProgram({});
    const volume = new FileShareVolume("data", { cluster, share: "datasets", sizeGb: 1000, namespace: "team" });
    assert.deepEqual(await valueOf(volume.podVolume), {
      name: "datasets",
      persistentVolumeClaim: { claimName: "datasets" },
    });
    await settled();
    const spec = registered.inputs("kubernetes:core/v1:PersistentVolume").spec as Record<string, unknown>;
    assert.deepEqual(spec.hostPath, { path: "/mnt/datasets", type: "Directory" });
    assert.deepEqual([spec.accessModes, spec.storageClassName], [["ReadWriteMany"], ""]);
    assert.equal(spec.persistentVolumeReclaimPolicy, "Retain");
    const claim = registered.inputs("kubernetes:core/v1:PersistentVolumeClaim");
    assert.deepEqual(claim.metadata, { name: "datasets", namespace: "team" });
    assert.deepEqual((claim.spec as Record<string, unknown>).volumeName, "team-datasets");
    assert.deepEqual((claim.spec as { resources: unknown }).resources, { requests: { storage: "1000G" } });
    assert.deepEqual(registered.ignoredChangesOf("data-claim"), ["spec.resources"], "another size would be refused");
  });

  it("gives a pod volume without a claim", () => {
    assert.deepEqual(fileSharePodVolume("datasets"), {
      name: "datasets",
      hostPath: { path: "/mnt/datasets", type: "Directory" },
    });
  });

  it("says what cannot be right", async () => {
    await mockProgram({});
    assert.throws(
      () => new FileShareVolume("data", { cluster, share: "/mnt/data", sizeGb: 0 }),
      (error: pulumi.InputPropertiesError) => /share: .*\n.*sizeGb: /.test(error.message),
    );
  });
});
