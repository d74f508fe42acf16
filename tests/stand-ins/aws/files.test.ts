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

  describe("of Lustre", () => {
    const program = {
      deploymentType: "PERSISTENT_2",
      storageType: "SSD",
      storageCapacity: 1200,
      perUnitStorageThroughput: 125,
      tags: { team: "search" },
    };
    /** A subnet, and a security group in which servers reach each other where `open`. */
    async function place(open: boolean) {
      const vpcId = (await aws.make("aws:ec2/vpc:Vpc", "net", { cidrBlock: "10.0.0.0/16" })).stored!.id;
      const zone = { vpcId, cidrBlock: "10.0.1.0/24", availabilityZone: `${region}a` };
      const subnetIds = (await aws.make("aws:ec2/subnet:Subnet", "sub", zone)).stored!.id;
      const group = (await aws.make("aws:ec2/securityGroup:SecurityGroup", "files", { vpcId })).stored!.id;
      const rule = { securityGroupId: group, referencedSecurityGroupId: group, ipProtocol: "tcp" };
      const token = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
      if (open) await aws.make(token, "rule", { ...rule, fromPort: 988, toPort: 988 });
      return { subnetIds, securityGroupIds: [group] };
    }

    it("are in a subnet, which they hold on to, grow in place, and are never made small", async () => {
      const all = { ...program, ...(await place(true)) };
      const files = await aws.make("aws:fsx/lustreFileSystem:LustreFileSystem", "lustre", all);
      const { values } = files.stored!.state;
      assert.match(`${String(values["dnsName"])} ${String(values["mountName"])}`, /^fs-\w+\.fsx\.us-west-2\S+ \w+$/);
      assert.equal(await files.up(all), "same");
      assert.equal(await files.refresh(), true);
      assert.equal(await files.up(all), "same");
      const larger = { ...all, storageCapacity: 4800, perUnitStorageThroughput: 250, tags: { team: "ads" } };
      assert.equal(await files.up(larger), "update");
      const [found] = (await aws.scene.simulator.state()).lustreFileSystems;
      assert.deepEqual([found?.["size"], found?.["tags"]], [4800, { team: "ads" }]);
      await assert.rejects(files.up({ ...larger, storageCapacity: 2400 }), /can only be increased/);
      await assert.rejects(ec2.deleteSubnet({ SubnetId: all.subnetIds }), /has dependencies/);
      await aws.leavesNothing();
    });

    it("are refused as FSx does: sizes and speeds that it has not, servers that do not reach each other", async () => {
      const closed = await place(false);
      const files = aws.resource("aws:fsx/lustreFileSystem:LustreFileSystem", "lustre");
      await assert.rejects(
        files.up({ ...program, ...closed }),
        /does not permit Lustre LNET network traffic on port 988/,
      );
      await assert.rejects(files.up({ ...program, ...closed, storageCapacity: 3000 }), /StorageCapacity of 3000/);
      await assert.rejects(files.up({ ...program, ...closed, perUnitStorageThroughput: 50 }), /Throughput of 50/);
      await aws.leavesNothing();
    });

    it("are in the state whatever call AWS did not answer, and complete at the next up", async () => {
      const all = { ...program, ...(await place(true)) };
      for (const [action, afterEffect] of [
        ["CreateFileSystem", false],
        ["DescribeFileSystems", false],
        ["DescribeFileSystems", true],
      ] as const) {
        await aws.scene.simulator.addFault({ action, code: "InternalServerError", status: 400, times: 1, afterEffect });
        const files = aws.resource("aws:fsx/lustreFileSystem:LustreFileSystem", "lustre");
        await assert.rejects(files.up(all), /InternalServerError/);
        await files.up(all);
        assert.equal(await files.up(all), "same");
        assert.equal((await aws.scene.simulator.state()).lustreFileSystems.length, 1, `${action} made two`);
        await files.destroy();
      }
      await aws.leavesNothing();
    });
  });
});
