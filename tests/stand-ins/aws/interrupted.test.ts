/** What was made but could not be adjusted: the next `up` does what is missing. */
import assert from "node:assert/strict";
import { DescribeSecurityGroupsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { DrivenStandIn } from "./driven-stand-in";

describe("the stand-in for the aws provider, interrupted", () => {
  let aws: DrivenStandIn;

  before(async function () {
    this.timeout(300_000);
    aws = await DrivenStandIn.start();
  });
  after(() => aws?.close());

  it("takes the default rule off a security group at the next up", async () => {
    const vpc = await aws.make("aws:ec2/vpc:Vpc", "net", { cidrBlock: "10.0.0.0/16" });
    const group = aws.resource("aws:ec2/securityGroup:SecurityGroup", "nodes");
    const program = { vpcId: vpc.stored!.id };
    await aws.scene.simulator.addFault({
      action: "RevokeSecurityGroupEgress",
      code: "UnauthorizedOperation",
      times: 1,
    });
    await assert.rejects(group.up(program), /exists but is not complete.*RevokeSecurityGroupEgress/);
    assert.equal(await group.up(program), "update");
    const ec2 = new EC2Client(aws.client);
    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [group.stored!.id] }));
    assert.deepEqual(SecurityGroups![0]!.IpPermissionsEgress, []);
    assert.equal(await group.up(program), "same");
    await aws.leavesNothing();
  });
});
