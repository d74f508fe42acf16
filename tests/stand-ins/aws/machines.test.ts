/** Machines of the stand-in and what they come from, on the simulated AWS. */
import assert from "node:assert/strict";
import {
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  EC2Client,
  ModifyInstanceAttributeCommand,
} from "@aws-sdk/client-ec2";
import { DrivenStandIn, settles, stateOf } from "./driven-stand-in";

describe("machines of the stand-in for the aws provider", function () {
  let aws: DrivenStandIn;
  let ec2: EC2Client;

  before(async function () {
    this.timeout(300_000);
    aws = await DrivenStandIn.start();
    ec2 = new EC2Client(aws.client);
  });
  after(async () => {
    ec2?.destroy();
    await aws?.close();
  });
  afterEach(async () => {
    await aws.scene.simulator.clearFaults();
    await aws.leavesNothing();
  });

  it("come from launch templates, which have versions", async () => {
    const { result } = await aws.plugin.invoke("aws:ec2/getAmi:getAmi", { mostRecent: true, filters: [] });
    const program = {
      imageId: result.values["id"] as string,
      instanceType: "m5.large",
      updateDefaultVersion: true,
      userData: Buffer.from("#!/bin/sh").toString("base64"),
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [{ deviceName: "/dev/sda1", ebs: { volumeSize: 50, encrypted: "true" } }],
      tagSpecifications: [{ resourceType: "instance", tags: { Name: "node" } }],
      tags: { a: "1" },
    };
    const template = await aws.make("aws:ec2/launchTemplate:LaunchTemplate", "group", program);
    assert.equal(stateOf(template)["latestVersion"], 1);
    assert.deepEqual(await settles(template, program), ["name"]);
    assert.equal(await template.up({ ...program, tags: { a: "2" } }), "update");
    assert.equal(stateOf(template)["latestVersion"], 1, "tags of the template make no version");
    assert.equal(await template.up({ ...program, userData: Buffer.from("#!/bin/bash").toString("base64") }), "update");
    assert.equal(stateOf(template)["latestVersion"], 2);
    assert.equal(stateOf(template)["defaultVersion"], 2);
  });

  it("run, keep their disk, change and end", async () => {
    const vpcId = (await aws.vpc()).stored!.id;
    const subnetId = (await aws.subnet(vpcId)).stored!.id;
    const group = await aws.make("aws:ec2/securityGroup:SecurityGroup", "one", { vpcId });
    const { result } = await aws.plugin.invoke("aws:ec2/getAmi:getAmi", { mostRecent: true });
    const program = {
      ami: result.values["id"] as string,
      instanceType: "t3.xlarge",
      subnetId,
      vpcSecurityGroupIds: [group.stored!.id],
      rootBlockDevice: { volumeType: "gp3", volumeSize: 100, encrypted: true, deleteOnTermination: true },
      metadataOptions: { httpTokens: "required" },
      userDataBase64: Buffer.from("#!/bin/sh").toString("base64"),
      tags: { Name: "control-plane" },
    };
    const instance = await aws.make("aws:ec2/instance:Instance", "cp", program);
    assert.equal(stateOf(instance)["instanceState"], "running");
    assert.match(String(stateOf(instance)["privateIp"]), /^10\.0\.1\./);
    assert.equal(await instance.up(program), "same");
    await instance.refresh();
    assert.equal(await instance.up(program), "same");
    assert.equal(await instance.up({ ...program, tags: { Name: "other" } }), "update");

    const disks = async () =>
      (await ec2.send(new DescribeVolumesCommand({}))).Volumes!.map(({ Size, VolumeId }) => [Size, VolumeId]);
    const [[, volumeId]] = (await disks()) as [[number, string]];
    program.rootBlockDevice.volumeSize = 120;
    assert.equal(await instance.up({ ...program, tags: { Name: "other" } }), "update");
    assert.deepEqual(await disks(), [[120, volumeId]], "the same disk, while the machine runs");
    const kept = { ...program, rootBlockDevice: { ...program.rootBlockDevice, deleteOnTermination: false } };
    await assert.rejects(instance.up(kept), /such a change of the root disk.*install the official plugin/);

    const address = await aws.make("aws:ec2/eip:Eip", "address", {});
    const allocationId = address.stored!.id;
    const pair = { allocationId, instanceId: instance.stored!.id };
    const association = await aws.make("aws:ec2/eipAssociation:EipAssociation", "pair", pair);
    assert.equal(stateOf(association)["publicIp"], stateOf(address)["publicIp"]);
    assert.equal(await association.up(pair), "same");
    await instance.refresh();
    assert.equal(stateOf(instance)["publicIp"], stateOf(address)["publicIp"]);

    const hops = instance.up({ ...program, metadataOptions: { httpTokens: "optional" }, tags: { Name: "other" } });
    await assert.rejects(hops, /a change of metadataOptions.*install the official plugin/);
    const { replaces } = await instance.diff((await instance.check({ ...program, ami: "ami-other" })).inputs);
    assert.deepEqual(replaces, ["ami"]);
    await ec2.send(
      new ModifyInstanceAttributeCommand({
        InstanceId: instance.stored!.id,
        Groups: [
          (await ec2.send(new DescribeInstancesCommand({}))).Reservations![0]!.Instances![0]!.SecurityGroups![0]!
            .GroupId!,
        ],
      }),
    );
    assert.equal(await instance.up({ ...program, instanceType: "t3.large", tags: { Name: "other" } }), "update");
    assert.equal(stateOf(instance)["instanceType"], "t3.large");
    assert.equal(stateOf(instance)["instanceState"], "running");
  });

  it("give their disk its tags at the launch or after it, as the official provider does", async () => {
    await aws.scene.simulator.setAccount({ volumeTags: ["team"] });
    const vpcId = (await aws.vpc()).stored!.id;
    const subnetId = (await aws.subnet(vpcId)).stored!.id;
    const { result } = await aws.plugin.invoke("aws:ec2/getAmi:getAmi", { mostRecent: true });
    const program = { ami: result.values["id"] as string, instanceType: "t3.xlarge", subnetId };
    const tags = { team: "ml" };
    const later = { ...program, rootBlockDevice: { volumeSize: 100, tags } };
    await assert.rejects(aws.make("aws:ec2/instance:Instance", "later", later), /tags missing: team/);
    const both = aws.make("aws:ec2/instance:Instance", "both", { ...later, volumeTags: tags });
    await assert.rejects(both, /volumeTags.*cannot be given together with rootBlockDevice.tags/);
    await aws.make("aws:ec2/instance:Instance", "launch", { ...program, volumeTags: tags });
    await aws.scene.simulator.setAccount({ volumeTags: [] });
    await aws.make("aws:ec2/instance:Instance", "later", later);
    const { Volumes } = await ec2.send(new DescribeVolumesCommand({}));
    assert.deepEqual(
      Volumes!.map(({ Tags }) => Tags),
      [1, 2].map(() => [{ Key: "team", Value: "ml" }]),
    );
  });

  it("that AWS does not give are errors in AWS's words, and nothing is kept", async () => {
    const vpcId = (await aws.vpc()).stored!.id;
    const subnetId = (await aws.subnet(vpcId)).stored!.id;
    await aws.scene.simulator.addFault({
      action: "RunInstances",
      code: "InsufficientInstanceCapacity",
      message: "none left",
      times: 5,
    });
    const { result } = await aws.plugin.invoke("aws:ec2/getAmi:getAmi", { mostRecent: true });
    const instance = aws.resource("aws:ec2/instance:Instance", "none");
    const asked = instance.up({ ami: result.values["id"] as string, instanceType: "t3.large", subnetId });
    await assert.rejects(asked, /none left \(RunInstances: InsufficientInstanceCapacity/);
    assert.equal(instance.stored, undefined);
  });
});
