/** File systems of the stand-in and their mount targets, on the simulated AWS. */
import assert from "node:assert/strict";
import { EC2 } from "@aws-sdk/client-ec2";
import { region } from "../../provider/aws/scene";
import { DrivenStandIn } from "./driven-stand-in";

describe("file systems of the stand-in for the aws provider", function () {
  let aws: DrivenStandIn;
  let ec2: EC2;

  before(async function () {
    this.timeout(300_000);
    aws = await DrivenStandIn.start();
    ec2 = new EC2(aws.client);
  });
  after(async () => {
    ec2?.destroy();
    await aws?.close();
  });

  it("have a way to them in a subnet, which holds on to it, and go when it has gone", async () => {
    const program = { encrypted: true, throughputMode: "elastic", tags: { team: "search" } };
    const files = await aws.make("aws:efs/fileSystem:FileSystem", "files", program);
    const { values } = files.stored!.state;
    assert.match(String(values["arn"]), /^arn:aws:elasticfilesystem:us-west-2:\d+:file-system\/fs-/);
    assert.deepEqual([values["encrypted"], values["throughputMode"]], [true, "elastic"]);
    assert.equal(await files.up(program), "same");
    assert.equal(await files.refresh(), true);
    assert.equal(await files.up(program), "same");
    assert.equal(await files.up({ ...program, tags: { team: "ads" } }), "update");
    assert.deepEqual(files.stored!.state.values["tags"], { team: "ads" });

    const vpcId = (await aws.make("aws:ec2/vpc:Vpc", "net", { cidrBlock: "10.0.0.0/16" })).stored!.id;
    const place = { vpcId, cidrBlock: "10.0.1.0/24", availabilityZone: `${region}a` };
    const subnetId = (await aws.make("aws:ec2/subnet:Subnet", "sub", place)).stored!.id;
    const group = (await aws.make("aws:ec2/securityGroup:SecurityGroup", "files", { vpcId })).stored!.id;
    const way = { fileSystemId: files.stored!.id, subnetId, securityGroups: [group] };
    const target = await aws.make("aws:efs/mountTarget:MountTarget", "way", way);
    assert.equal(await target.up(way), "same");
    assert.equal(await target.refresh(), true);
    assert.equal(await target.up(way), "same");

    const { fileSystems, mountTargets } = await aws.scene.simulator.state();
    assert.deepEqual([fileSystems.length, mountTargets[0]?.["subnet"]], [1, subnetId]);
    await assert.rejects(ec2.deleteSubnet({ SubnetId: subnetId }), /has dependencies/);
    await assert.rejects(ec2.deleteSecurityGroup({ GroupId: group }), /dependent object/);
    await aws.leavesNothing();
  });

  it("are not there after a call that AWS did not take, and then they are", async () => {
    await aws.scene.simulator.addFault({
      action: "CreateFileSystem",
      code: "InternalServerError",
      status: 400,
      times: 1,
    });
    const files = aws.resource("aws:efs/fileSystem:FileSystem", "files");
    await assert.rejects(files.up({ encrypted: true }), /InternalServerError/);
    await files.up({ encrypted: true });
    await files.destroy();
    assert.deepEqual(await aws.scene.left(), {});
  });
});
