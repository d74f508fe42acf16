import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { cluster } from "../../stack/aws";
import { cloud, functions } from "./aws-scene";
import { mockProgram, settled, valueOf } from "./mocks";

const shown = (
  parse(readFileSync(join(__dirname, "../../Pulumi.aws.yaml"), "utf8")) as { config: Record<string, unknown> }
).config;

/** The stack's configuration as the engine hands it over. */
function configured(more: Record<string, unknown>): pulumi.Config {
  const texts = Object.entries({ ...shown, ...more }).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(texts) as Record<string, string>);
  return new pulumi.Config("pulumi-gpu-clusters");
}

describe("stack/aws", () => {
  afterEach(() => pulumi.runtime.setAllConfig({}));

  it("makes the cluster that Pulumi.aws.yaml shows", async () => {
    const registered = await mockProgram(cloud, false, functions);
    const made = cluster("aws", configured({}));
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
      () => cluster("aws", configured({ "pulumi-gpu-clusters:network": network })),
      /network.subnetId is not a field; the fields are: cidr, zones, nat, vpcId, subnetIds/,
    );
  });
});
