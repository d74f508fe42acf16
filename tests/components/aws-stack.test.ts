import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { cluster } from "../../stack/aws";
import { cloud, functions } from "./aws-scene";
import { mockProgram, settled, valueOf } from "./mocks";
import { stackConfig } from "./stack-config";

describe("stack/aws", () => {
  afterEach(() => pulumi.runtime.setAllConfig({}));

  it("makes the cluster that Pulumi.aws.yaml shows", async () => {
    const registered = await mockProgram(cloud, false, functions);
    const made = cluster("aws", stackConfig("aws"));
    assert.equal(await valueOf(made.status), "ready");
    await settled();
    const groups = await valueOf(made.nodeGroups);
    assert.deepEqual(
      groups.map(({ name, gpus, machineTypes }) => [name, gpus, machineTypes[0]]),
      [
        ["system", 0, "m6i.large"],
        ["a10g", 4, "g5.12xlarge"],
        ["h100", 8, "p5.48xlarge"],
      ],
    );
    assert.equal(registered.all("gpu-clusters:aws:NodeGroup").length, 3);
  });

  it("names fields that do not exist", () => {
    const network = { nat: "none", subnetId: "subnet-1" };
    assert.throws(
      () => cluster("aws", stackConfig("aws", { "pulumi-gpu-clusters:network": network })),
      /network.subnetId: there is no such property; did you mean "subnetIds"\?/,
    );
  });
});
