import { DescribeNetworkInterfacesCommand } from "@aws-sdk/client-ec2";
import assert from "node:assert/strict";
import { deadline, makeGroup, makeTemplate, startScene, type Scene } from "../../provider/aws/scene";
import { until } from "../../until";

describe("network cards of the simulated AWS", () => {
  let scene: Scene;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
  });
  after(() => scene.close());

  it("lose their adapters with their machine, so that the group's subnets and security groups can go", async () => {
    const card = (NetworkCardIndex: number) => ({
      DeviceIndex: Math.min(NetworkCardIndex, 1),
      NetworkCardIndex,
      InterfaceType: "efa" as const,
      Groups: [scene.securityGroupId],
      DeleteOnTermination: true,
    });
    const launchTemplateId = await makeTemplate(scene, "fabric", {
      SecurityGroupIds: undefined,
      NetworkInterfaces: [0, 1, 2, 3].map(card),
    });
    const adapters = async () => {
      const Filters = [{ Name: "group-id", Values: [scene.securityGroupId] }];
      return (await scene.ec2.send(new DescribeNetworkInterfacesCommand({ Filters }))).NetworkInterfaces!.length;
    };
    const group = await makeGroup(scene, "fabric", 1, { launchTemplateId });
    await group.running(1);
    assert.equal(await adapters(), 4);
    await group.driver.destroy(deadline());
    await until("no adapter left", async () => (await adapters()) === 0);
  });
});
