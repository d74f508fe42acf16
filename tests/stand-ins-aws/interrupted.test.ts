/** What was made but could not be adjusted: the next `up` does what is missing. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DescribeSecurityGroupsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { region } from "../aws/scene";
import { EngineResource, startPlugin, type Plugin } from "../plugin/harness";
import { startStandInScene, type StandInScene } from "./scene";

describe("the stand-in for the aws provider, interrupted", () => {
  let scene: StandInScene;
  let plugin: Plugin;

  before(async function () {
    this.timeout(120_000);
    scene = await startStandInScene();
    plugin = await startPlugin(join(scene.directory, "pulumi-resource-aws"), { config: scene.config() });
  });

  after(async () => {
    await plugin?.stop();
    await scene?.close();
  });

  it("takes the default rule off a security group at the next up", async () => {
    const vpc = new EngineResource(plugin, "aws:ec2/vpc:Vpc", "net");
    await vpc.up({ cidrBlock: "10.0.0.0/16" });
    const group = new EngineResource(plugin, "aws:ec2/securityGroup:SecurityGroup", "nodes");
    const program = { vpcId: vpc.stored!.id };
    await scene.simulator.addFault({ action: "RevokeSecurityGroupEgress", code: "UnauthorizedOperation", times: 1 });
    await assert.rejects(group.up(program), /exists but is not complete.*RevokeSecurityGroupEgress/);
    assert.equal(await group.up(program), "update");
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const ec2 = new EC2Client({ region, endpoint: scene.simulator.endpoint, credentials });
    const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: [group.stored!.id] }));
    assert.deepEqual(SecurityGroups![0]!.IpPermissionsEgress, []);
    assert.equal(await group.up(program), "same");
    await group.destroy();
    await vpc.destroy();
    assert.deepEqual(await scene.left(), {});
  });
});
