import assert from "node:assert/strict";
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  DescribeInstancesCommand,
  ModifySubnetAttributeCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from "@aws-sdk/client-ec2";
import { startScene, type Scene } from "../../provider/aws/scene";
import { until } from "../../until";

describe("an elastic address of simulated AWS", () => {
  let scene: Scene;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
  });
  after(() => scene.close());

  it("stays with its instance while that is stopped and started again, unlike the one it had at first", async () => {
    const SubnetId = scene.subnetIds[0];
    await scene.ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } }));
    const { Instances } = await scene.ec2.send(
      new RunInstancesCommand({
        ImageId: scene.imageId,
        InstanceType: "t3.xlarge",
        SubnetId,
        MinCount: 1,
        MaxCount: 1,
      }),
    );
    const InstanceIds = [Instances![0]!.InstanceId!];
    const is = (state: string) =>
      until(state, async () => {
        const { Reservations } = await scene.ec2.send(new DescribeInstancesCommand({ InstanceIds }));
        const [instance] = Reservations![0]!.Instances!;
        return instance!.State!.Name === state && instance!;
      });
    const first = (await is("running")).PublicIpAddress;
    assert.match(first!, /^127\.79\./);
    const { AllocationId, PublicIp } = await scene.ec2.send(new AllocateAddressCommand({ Domain: "vpc" }));
    await scene.ec2.send(new AssociateAddressCommand({ AllocationId, InstanceId: InstanceIds[0] }));
    await scene.ec2.send(new StopInstancesCommand({ InstanceIds }));
    assert.equal((await is("stopped")).PublicIpAddress, PublicIp);
    await scene.ec2.send(new StartInstancesCommand({ InstanceIds }));
    assert.equal((await is("running")).PublicIpAddress, PublicIp);
    assert.notEqual(PublicIp, first);
  });
});
