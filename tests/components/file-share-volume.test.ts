import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { FileShareVolume, fileSharePodVolume, volumeSizes } from "../../components/addons/file-share-volume";
import { checkedBetween } from "../../components/value-checks";
import type { AwsClusterArgs } from "../../components/aws/args";
import { AwsCluster } from "../../components/aws/cluster";
import type { KubernetesCluster } from "../../components/cluster";
import { InvalidInput } from "../../components/errors";
import type { MithrilClusterArgs } from "../../components/mithril/args";
import { MithrilCluster } from "../../components/mithril/cluster";
import { functions, minimal as minimalAws } from "./aws-scene";
import { args as minimalMithril, group } from "./mithril-scene";
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
    assert.throws(
      () => checkedBetween("FileShareVolume", "sizeGb", 1e12, volumeSizes),
      /FileShareVolume: 1 invalid input\n {2}sizeGb: must be a whole number from 1/,
    );
  });

  describe("on a cluster that knows its shares", () => {
    const refusalOf = async (make: () => KubernetesCluster, share: string) => {
      await mockProgram({}, true, functions);
      const cluster = make();
      try {
        new FileShareVolume("data", { cluster, share, sizeGb: 100 });
        return "";
      } catch (error) {
        assert.ok(error instanceof InvalidInput);
        return error.errors.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`).join("\n");
      } finally {
        await settled();
      }
    };
    const none =
      'share: "shared" is on no node of the cluster, whose nodes have: none; for storage that many pods share, take SharedClaim';

    it("is one of those of Mithril's list, unless groups bring others", async () => {
      const fileShares = ["datasets", "scratch"].map((name) => ({ name, sizeGb: 100 }));
      const refusal = (given: Partial<MithrilClusterArgs>, share = "data") =>
        refusalOf(() => new MithrilCluster("train", { ...minimalMithril, fileShares, ...given }), share);
      assert.equal(await refusal({}, "datasets"), "");
      assert.equal(
        await refusal({}),
        'share: "data" is on no node of the cluster, whose nodes have: datasets, scratch',
      );
      assert.equal(await refusal({ fileShares: [] }, "shared"), none);
      for (const brought of [{ volumes: ["vol_1"] }, { startupScript: "#!/bin/bash\nmount" }, { image: "image_1" }])
        assert.equal(await refusal({ nodeGroups: [{ ...group, ...brought }] }), "");
    });

    it("is FSx for Lustre's on AWS, unless an image of one's own brings others", async () => {
      const refusal = (given: Partial<AwsClusterArgs>) =>
        refusalOf(() => new AwsCluster("train", { ...minimalAws, ...given }), "shared");
      assert.equal(await refusal({}), none);
      assert.equal(await refusal({ sharedStorage: {} }), none);
      assert.equal(await refusal({ sharedStorage: { lustre: { sizeGib: 2400 } } }), "");
      const [own] = minimalAws.nodeGroups!;
      assert.equal(await refusal({ nodeGroups: [{ ...own!, image: "ami-0123456789abcdef0" }] }), "");
    });
  });
});
