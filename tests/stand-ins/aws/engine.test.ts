/** The stand-in under the real engine, with the SDK that users write their programs with. */
import assert from "node:assert/strict";
import { delimiter } from "node:path";
import { Instance } from "@pulumi/aws/ec2/instance";
import { LaunchTemplate } from "@pulumi/aws/ec2/launchTemplate";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { Subnet } from "@pulumi/aws/ec2/subnet";
import { Vpc } from "@pulumi/aws/ec2/vpc";
import { InstanceProfile } from "@pulumi/aws/iam/instanceProfile";
import { Role } from "@pulumi/aws/iam/role";
import { getAvailabilityZonesOutput } from "@pulumi/aws/getAvailabilityZones";
import { getAmiOutput } from "@pulumi/aws/ec2/getAmi";
import { Provider } from "@pulumi/aws/provider";
import { Parameter } from "@pulumi/aws/ssm/parameter";
import { SecurityGroupEgressRule } from "@pulumi/aws/vpc/securityGroupEgressRule";
import * as pulumi from "@pulumi/pulumi";
import { endpointsAt } from "../../../stand-ins/aws/services";
import { region } from "../../provider/aws/scene";
import { createInlineStack, type InlineStack } from "../../provider/server/engine-stack";
import { startStandInScene, type StandInScene } from "./scene";

const quiet = { color: "never" as const };

describe("the aws stand-in under the real engine", () => {
  let scene: StandInScene;
  let inline: InlineStack;

  before(async function () {
    this.timeout(300_000);
    scene = await startStandInScene();
    const path = [scene.directory, process.env["PATH"]].join(delimiter);
    inline = await createInlineStack({ environment: { PATH: path } });
  });

  after(async () => {
    await inline?.remove();
    await scene?.close();
  });

  const program = (owner: string) => async () => {
    const { endpoint } = scene.simulator;
    const aws = new Provider("aws", {
      region,
      accessKey: "test",
      secretKey: "test",
      endpoints: [endpointsAt(endpoint)],
      skipCredentialsValidation: true,
      skipMetadataApiCheck: true,
      skipRequestingAccountId: true,
      defaultTags: { tags: { stack: "test" } },
    });
    const options = { provider: aws };
    const tags = { owner };
    const zones = getAvailabilityZonesOutput({ state: "available" }, options);
    const image = getAmiOutput({ mostRecent: true }, options);
    const vpc = new Vpc("net", { cidrBlock: "10.0.0.0/16", tags }, options);
    const place = { vpcId: vpc.id, availabilityZone: zones.names[0]! };
    const subnet = new Subnet("net", { ...place, cidrBlock: "10.0.0.0/20", tags }, options);
    const group = new SecurityGroup("nodes", { vpcId: vpc.id, tags }, options);
    new SecurityGroupEgressRule("out", { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" }, options);
    const trust = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
    const assumeRolePolicy = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
    const role = new Role("node", { assumeRolePolicy, tags }, options);
    const profile = new InstanceProfile("node", { role: role.name, tags }, options);
    const value = pulumi.secret("correct horse battery");
    const secret = new Parameter("keys", { name: "/keys", type: "SecureString", value, tags }, options);
    const template = new LaunchTemplate("group", { imageId: image.id, instanceType: "m5.large", tags }, options);
    const instance = new Instance(
      "control-plane",
      {
        ami: image.id,
        instanceType: "t3.xlarge",
        subnetId: subnet.id,
        vpcSecurityGroupIds: [group.id],
        iamInstanceProfile: profile.name,
        userDataBase64: pulumi.interpolate`${secret.name}`.apply((name) => Buffer.from(name).toString("base64")),
        tags,
      },
      { ...options, ignoreChanges: ["ami", "userDataBase64"] },
    );
    return { privateIp: instance.privateIp, version: template.latestVersion, tags: vpc.tagsAll, secret: secret.value };
  };

  it("makes a network, a role, a template and a machine, changes their tags and leaves nothing", async () => {
    inline.program = program("me");
    const preview = await inline.stack.preview(quiet);
    assert.deepEqual(preview.changeSummary, { create: 11 });
    const first = await inline.stack.up(quiet);
    assert.deepEqual(first.summary.resourceChanges, { create: 11 });
    assert.match(String(first.outputs["privateIp"]!.value), /^10\.0\./);
    assert.deepEqual(first.outputs["tags"]!.value, { owner: "me", stack: "test" });
    assert.equal(first.outputs["secret"]!.secret, true);
    assert.ok(!(await inline.stateText()).includes("correct horse battery"));

    assert.deepEqual((await inline.stack.preview({ ...quiet, refresh: true })).changeSummary, { same: 11 });

    inline.program = program("you");
    const second = await inline.stack.up(quiet);
    assert.deepEqual(second.summary.resourceChanges, { same: 3, update: 8 });
    assert.deepEqual(second.outputs["tags"]!.value, { owner: "you", stack: "test" });
    assert.equal(second.outputs["version"]!.value, 1);

    await inline.stack.destroy(quiet);
    assert.deepEqual(await scene.left(), {});
  });
});
