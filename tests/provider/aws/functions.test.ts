import assert from "node:assert/strict";
import { CreateKeyPairCommand } from "@aws-sdk/client-ec2";
import {
  getImageHandler,
  getInstanceTypesHandler,
  getPreflightHandler,
} from "../../../provider/aws/handlers/functions";
import { deadline, region, startScene, type Scene } from "./scene";

describe("AWS functions", () => {
  let scene: Scene;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
  });
  after(() => scene.close());
  const context = (changes: object = {}) => ({
    signal: deadline(),
    config: { aws: { region, endpoint: scene.simulator.endpoint, ...changes } },
  });

  it("finds the newest image of each kind, in the region that is asked for", async () => {
    const plain = await getImageHandler.invoke({}, context());
    assert.match(plain.imageId, /^ami-[0-9a-f]{17}$/);
    assert.equal(plain.name, "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260930");
    assert.equal(plain.rootDeviceName, "/dev/sda1");
    const older = await getImageHandler.invoke({ ubuntu: "22.04", architecture: "arm64" }, context());
    assert.equal(older.name, "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-arm64-server-20260930");
    assert.equal(older.architecture, "arm64");
    const gpu = await getImageHandler.invoke({ gpu: true }, context());
    assert.equal(gpu.name, "Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04) 20260930");
    const elsewhere = await getImageHandler.invoke({}, context({ region: "eu-west-1" }));
    assert.equal(elsewhere.name, plain.name);
    assert.notEqual(elsewhere.imageId, plain.imageId);
  });

  it("tells what types are, and leaves out those that the region does not offer", async () => {
    const { instanceTypes } = await getInstanceTypesHandler.invoke(
      { instanceTypes: ["p5.48xlarge", "t3.xlarge", "p9.large"] },
      context(),
    );
    assert.deepEqual(
      instanceTypes.map(({ name, efaInterfaces, networkCards, placementStrategies }) => [
        name,
        efaInterfaces,
        networkCards,
        placementStrategies,
      ]),
      [
        ["p5.48xlarge", 32, 32, ["cluster", "partition", "spread"]],
        ["t3.xlarge", 0, 1, ["partition", "spread"]],
      ],
    );
    assert.ok(instanceTypes.every(({ zones }) => zones.length > 0 && zones.every((zone) => zone.startsWith(region))));
  });

  it("assumes the role that the configuration names", async () => {
    await scene.simulator.clearRequests();
    const assumeRole = { roleArn: "arn:aws:iam::111122223333:role/deployer", externalId: "x-1" };
    const { accountId } = await getPreflightHandler.invoke({}, context({ assumeRole }));
    assert.equal(accountId, "111122223333");
    assert.equal((await getPreflightHandler.invoke({}, context())).accountId, "123456789012");
    const actions = (await scene.simulator.requests()).map(({ action }) => action);
    assert.deepEqual(
      actions.filter((action) => action === "AssumeRole"),
      ["AssumeRole"],
    );
  });

  it("reports all that stands in the way of what is planned", async () => {
    await scene.ec2.send(new CreateKeyPairCommand({ KeyName: "ops" }));
    await scene.simulator.setQuotas({ "L-DB2E81BA": 8 });
    const result = await getPreflightHandler.invoke(
      {
        keyPair: "opps",
        nodeGroups: [
          { path: "nodeGroups[0]", instanceTypes: ["m5.large"], minSize: 1, maxSize: 2 },
          { path: "nodeGroups[1]", instanceTypes: ["g5.xlarge", "g4dn.xlarge"], minSize: 1, maxSize: 5 },
        ],
      },
      context(),
    );
    assert.equal(result.region, region);
    assert.deepEqual(
      result.problems.map(({ property, reason }) => `${property}: ${reason}`),
      [
        'keyPair: key pair "opps" does not exist in us-west-2; there are: ops',
        "nodeGroups[1].instanceTypes: the types of a group must have equal vCPUs, memory and GPUs; split it into 2 groups: " +
          "g5.xlarge (4 vCPUs, 16 GiB, 1 × NVIDIA A10G); g4dn.xlarge (4 vCPUs, 16 GiB, 1 × NVIDIA T4)",
      ],
    );
    assert.deepEqual(result.warnings, [
      'nodeGroups[1].maxSize: 5 machines need 20 vCPUs, but the account\'s quota "Running On-Demand G and VT instances" (L-DB2E81BA) is 8 in us-west-2',
    ]);
  });

  it("names what is missing when no region or no credentials are configured", async () => {
    const without = context({ region: undefined });
    await assert.rejects(
      getImageHandler.invoke({}, without),
      /no region is configured: set the provider's aws\.region, or AWS_REGION/,
    );
  });
});
