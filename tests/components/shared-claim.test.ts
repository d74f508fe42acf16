import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { SharedClaim } from "../../components/addons";
import { claimSizes } from "../../components/addons/shared-storage/claim";
import type { KubernetesCluster } from "../../components/cluster";
import { InvalidInput } from "../../components/errors";
import { checkedBetween } from "../../components/value-checks";
import { mockProgram, plain, settled, valueOf } from "./mocks";

describe("SharedClaim", () => {
  const cluster = (sharedStorageClass?: pulumi.Output<string>) =>
    ({
      clusterName: pulumi.output("train"),
      sharedStorageClass,
      kubeProvider: undefined,
    }) as unknown as KubernetesCluster;

  it("is a protected claim of the cluster's class, and a volume for pods", async () => {
    const registered = await mockProgram({});
    const claim = new SharedClaim("datasets", { cluster: cluster(pulumi.output("shared")), sizeGib: 500 });
    assert.deepEqual(await valueOf(claim.podVolume), {
      name: "datasets",
      persistentVolumeClaim: { claimName: "datasets" },
    });
    await settled();
    const { spec } = plain(registered.inputs("kubernetes:core/v1:PersistentVolumeClaim")) as { spec: object };
    assert.deepEqual(spec, {
      accessModes: ["ReadWriteMany"],
      resources: { requests: { storage: "500Gi" } },
      storageClassName: "shared",
    });
    assert.ok(registered.isProtected("datasets-claim"));
    assert.deepEqual(
      registered.ignoredChangesOf("datasets-claim"),
      ["spec.resources"],
      "another size would be refused",
    );
  });

  it("refuses a cluster without shared storage, and names and sizes that cannot be", async () => {
    await mockProgram({});
    const paths = (make: () => void) => {
      try {
        make();
        return [];
      } catch (error) {
        assert.ok(error instanceof InvalidInput);
        return error.errors.map(({ propertyPath }) => propertyPath).sort();
      }
    };
    assert.deepEqual(
      paths(() => new SharedClaim("Data Sets", { cluster: cluster(), sizeGib: 0.5 })),
      ["claimName", "cluster", "sizeGib"],
    );
    assert.throws(
      () => checkedBetween("SharedClaim", "sizeGib", 0.5, claimSizes),
      /SharedClaim: 1 invalid input\n {2}sizeGib: must be a whole number from 1/,
    );
  });
});
