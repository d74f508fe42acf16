/** The stand-in as the engine starts it: the bundled executable, driven over gRPC against the simulated AWS. */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  CreateTagsCommand,
  DeleteVpcCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  EC2Client,
  ModifyInstanceAttributeCommand,
} from "@aws-sdk/client-ec2";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { Properties } from "../../../provider/server/wire";
import { region } from "../../provider/aws/scene";
import { awsFunctions, awsResourceTypes } from "../../components/aws-tokens";
import { EngineResource, PluginError, Secret, startPlugin, type Plugin } from "../../provider/server/harness";
import { startStandInScene, type StandInScene } from "./scene";

const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const policy = (action: string) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] });

describe("the stand-in for the aws provider", function () {
  let scene: StandInScene;
  let plugin: Plugin;
  let ec2: EC2Client;
  let ssm: SSMClient;
  const plugins: Plugin[] = [];

  const start = async (rest: Record<string, unknown> = {}) => {
    const started = await startPlugin(join(scene.directory, "pulumi-resource-aws"), { config: scene.config(rest) });
    plugins.push(started);
    return started;
  };

  before(async function () {
    this.timeout(300_000);
    scene = await startStandInScene();
    plugin = await start();
    const client = {
      region,
      endpoint: scene.simulator.endpoint,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    };
    ec2 = new EC2Client(client);
    ssm = new SSMClient(client);
  });

  after(async () => {
    await Promise.all(plugins.map((started) => started.stop()));
    ec2?.destroy();
    ssm?.destroy();
    await scene?.close();
  });

  const resource = (token: string, name = "it", on = plugin) => new EngineResource(on, token, name);
  const state = ({ stored }: EngineResource) => stored!.state.values;
  const made: EngineResource[] = [];
  /** Made for a test, and removed by `clean` in the order of a destroy. */
  const make = async (token: string, name: string, program: Properties): Promise<EngineResource> => {
    const thing = resource(token, name);
    made.unshift(thing);
    await thing.up(program);
    return thing;
  };
  const clean = async () => {
    for (const thing of made.splice(0)) if (thing.stored) await thing.destroy();
  };
  afterEach(async () => {
    await scene.simulator.clearFaults();
    await clean();
    assert.deepEqual(await scene.left(), {}, "every test removes what it made");
  });

  const vpc = (name = "net") =>
    make("aws:ec2/vpc:Vpc", name, { cidrBlock: "10.0.0.0/16", enableDnsHostnames: true, tags: { Name: name } });
  const subnet = (vpcId: string, rest: Properties = {}) =>
    make("aws:ec2/subnet:Subnet", "sub", { vpcId, cidrBlock: "10.0.1.0/24", availabilityZone: `${region}a`, ...rest });

  /** No change, refresh, no change, import. Returns what an import would replace: the name that the provider chose, where it did. */
  const settles = async (thing: EngineResource, program: Properties) => {
    assert.equal(await thing.up(program), "same", `${thing.type}: a second up`);
    assert.equal(await thing.refresh(), true);
    assert.equal(await thing.up(program), "same", `${thing.type}: after a refresh`);
    const imported = resource(thing.type, thing.name);
    assert.equal(await imported.import(thing.stored!.id), true, `${thing.type}: import`);
    const { inputs } = await imported.check(program);
    const { replaces } = await imported.diff(inputs);
    return replaces;
  };

  it("serves every type and function that the components use", async () => {
    for (const token of awsResourceTypes) await resource(token).check({});
    for (const token of awsFunctions) {
      await plugin.invoke(token, {}).catch((error: Error) => assert.doesNotMatch(error.message, /does not do/));
    }
  });

  it("says what it does not do, and which plugin does", async () => {
    const install = /pulumi plugin install resource aws/;
    await assert.rejects(resource("aws:s3/bucket:Bucket").check({}), install);
    await assert.rejects(plugin.invoke("aws:s3/getBucket:getBucket", {}), install);
    const { failures } = await resource("aws:ec2/vpc:Vpc").check({ cidrBlock: "10.0.0.0/16", ipv6CidrBlock: "::/56" });
    assert.deepEqual(
      failures.map(({ property }) => property),
      ["ipv6CidrBlock"],
    );
    assert.match(failures[0]!.reason, install);
    await assert.rejects(
      start({ endpoints: undefined }),
      /endpoints: names no endpoint for ec2.*install the official/s,
    );
    await assert.rejects(start({ endpoints: [{ ec2: "https://ec2.amazonaws.com" }] }), /is not on this machine/);
    await assert.rejects(start({ region: undefined }), /region: is required/);
  });

  describe("networks", () => {
    it("live from the VPC to the routes", async () => {
      const program = { cidrBlock: "10.0.0.0/16", enableDnsHostnames: true, tags: { Name: "net" } };
      const net = await vpc();
      const vpcId = net.stored!.id;
      assert.match(vpcId, /^vpc-/);
      for (const output of ["arn", "mainRouteTableId", "defaultSecurityGroupId", "ownerId"])
        assert.ok(state(net)[output], output);
      assert.equal(state(net)["region"], region);
      assert.deepEqual(await settles(net, program), []);
      assert.equal(await net.up({ ...program, enableDnsHostnames: false, tags: { Name: "other" } }), "update");
      assert.deepEqual(state(net)["tagsAll"], { Name: "other" });
      const { inputs } = await net.check({ ...program, cidrBlock: "10.1.0.0/16" });
      assert.deepEqual((await net.diff(inputs)).replaces, ["cidrBlock"]);

      const place = { vpcId, cidrBlock: "10.0.1.0/24", availabilityZone: `${region}a` };
      const sub = await subnet(vpcId, { mapPublicIpOnLaunch: true });
      assert.deepEqual(await settles(sub, { ...place, mapPublicIpOnLaunch: true }), []);
      assert.equal(await sub.up({ ...place, mapPublicIpOnLaunch: false }), "update");
      assert.equal(state(sub)["mapPublicIpOnLaunch"], false);

      const gateway = await make("aws:ec2/internetGateway:InternetGateway", "igw", { vpcId });
      assert.deepEqual(await settles(gateway, { vpcId }), []);
      const table = await make("aws:ec2/routeTable:RouteTable", "table", { vpcId, tags: { a: "b" } });
      assert.deepEqual(await settles(table, { vpcId, tags: { a: "b" } }), []);
      const routeTableId = table.stored!.id;

      const address = await make("aws:ec2/eip:Eip", "address", { domain: "vpc" });
      assert.match(String(state(address)["publicIp"]), /^\d+\./);
      const allocationId = state(address)["allocationId"] as string;
      const subnetId = sub.stored!.id;
      const nat = await make("aws:ec2/natGateway:NatGateway", "nat", { allocationId, subnetId });
      assert.deepEqual(await settles(nat, { allocationId, subnetId }), []);

      const out = { routeTableId, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.stored!.id };
      const route = await make("aws:ec2/route:Route", "route", out);
      assert.deepEqual(await settles(route, out), []);
      const elsewhere = { routeTableId, destinationCidrBlock: "0.0.0.0/0", natGatewayId: nat.stored!.id };
      assert.equal(await route.up(elsewhere), "update");
      assert.equal(state(route)["natGatewayId"], nat.stored!.id);
      await assert.rejects(route.up({ ...elsewhere, gatewayId: gateway.stored!.id }), /exactly one of/);

      const pair = { routeTableId, subnetId };
      const association = await make("aws:ec2/routeTableAssociation:RouteTableAssociation", "pair", pair);
      assert.deepEqual(await settles(association, pair), []);

      const s3 = { vpcId, serviceName: `com.amazonaws.${region}.s3`, routeTableIds: [routeTableId] };
      const endpoint = await make("aws:ec2/vpcEndpoint:VpcEndpoint", "s3", s3);
      assert.deepEqual(await settles(endpoint, s3), []);
      assert.equal(await endpoint.up({ ...s3, routeTableIds: [] }), "update");
      assert.deepEqual(state(endpoint)["routeTableIds"], []);

      const ids = await plugin.invoke("aws:ec2/getSubnets:getSubnets", {
        filters: [{ name: "vpc-id", values: [vpcId] }],
      });
      assert.deepEqual(ids.result.values["ids"], [subnetId]);
      const found = await plugin.invoke("aws:ec2/getSubnet:getSubnet", { id: subnetId });
      assert.equal(found.result.values["availabilityZone"], `${region}a`);
      const zones = await plugin.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {
        state: "available",
        filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
      });
      assert.equal((zones.result.values["names"] as string[])[0], `${region}a`);
    });

    it("notice what others did", async () => {
      const net = await vpc();
      const program = { cidrBlock: "10.0.0.0/16", enableDnsHostnames: true, tags: { Name: "net" } };
      await ec2.send(new CreateTagsCommand({ Resources: [net.stored!.id], Tags: [{ Key: "by", Value: "hand" }] }));
      await net.refresh();
      const { inputs } = await net.check(program);
      assert.deepEqual((await net.diff(inputs)).changes, { "tags.by": "delete" });
      assert.equal(await net.up(program), "update");
      await net.refresh();
      assert.deepEqual(state(net)["tagsAll"], { Name: "net" });
      await ec2.send(new DeleteVpcCommand({ VpcId: net.stored!.id }));
      const { stored } = net;
      assert.equal(await net.refresh(), false);
      await net.deleteStored(stored!);
    });

    it("wait for what goes with them, and name what does not go", async () => {
      const net = await vpc();
      const sub = await subnet(net.stored!.id);
      const stuck = net.destroy(5);
      await assert.rejects(
        stuck,
        /VPC vpc-\w+ cannot be deleted.*DependencyViolation|did not finish within 5 s.*DependencyViolation/s,
      );
      const waiting = net.destroy();
      setTimeout(() => void sub.destroy(), 200);
      await waiting;
    });

    it("carry the provider's default tags", async () => {
      const tagging = await start({ defaultTags: JSON.stringify({ tags: { owner: "me" } }) });
      const net = resource("aws:ec2/vpc:Vpc", "tagged", tagging);
      made.unshift(net);
      await net.up({ cidrBlock: "10.0.0.0/16", tags: { a: "1" } });
      assert.deepEqual(state(net)["tagsAll"], { owner: "me", a: "1" });
      await net.refresh();
      assert.equal(await net.up({ cidrBlock: "10.0.0.0/16", tags: { a: "1" } }), "same");
      const other = resource("aws:ec2/vpc:Vpc", "tagged");
      other.stored = net.stored;
      const { inputs } = await other.check({ cidrBlock: "10.0.0.0/16", tags: { a: "1" } });
      assert.deepEqual((await other.diff(inputs)).changes, { "tagsAll.owner": "delete" });
    });
  });

  it("security groups let through what their rules say", async () => {
    const vpcId = (await vpc()).stored!.id;
    const program = { vpcId, description: "nodes", tags: { Name: "nodes" } };
    const group = await make("aws:ec2/securityGroup:SecurityGroup", "nodes", program);
    assert.match(String(state(group)["name"]), /^nodes-[0-9a-f]{7}$/);
    assert.deepEqual(await settles(group, program), ["name"]);
    const securityGroupId = group.stored!.id;
    const groups = await plugin.invoke("aws:ec2/getSecurityGroups:getSecurityGroups", { tags: { Name: "nodes" } });
    assert.deepEqual(groups.result.values["ids"], [securityGroupId]);
    const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
    const api = { securityGroupId, ipProtocol: "tcp", fromPort: 6443, toPort: 6443, cidrIpv4: "192.0.2.0/24" };
    const rule = await make(ingress, "api", { ...api, tags: { a: "b" } });
    assert.deepEqual(await settles(rule, { ...api, tags: { a: "b" } }), []);
    assert.equal(await rule.up({ ...api, cidrIpv4: "198.51.100.0/24" }), "replace");
    const among = { securityGroupId, ipProtocol: "-1", referencedSecurityGroupId: securityGroupId };
    assert.deepEqual(await settles(await make(ingress, "among", among), among), []);
    const out = { securityGroupId, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };
    const egress = await make("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "out", out);
    assert.deepEqual(await settles(egress, out), []);
  });

  it("roles have policies, profiles and tags", async () => {
    const program = { assumeRolePolicy: trust, description: "nodes", tags: { a: "1" } };
    const role = await make("aws:iam/role:Role", "node", program);
    const name = state(role)["name"] as string;
    assert.match(name, /^node-[0-9a-f]{7}$/);
    assert.match(String(state(role)["arn"]), /^arn:aws:iam::\d+:role\/node-/);
    assert.deepEqual(await settles(role, program), ["name"]);
    assert.equal(await role.up({ ...program, description: "other", tags: { b: "2" } }), "update");
    assert.deepEqual(state(role)["tagsAll"], { b: "2" });
    const inline = { role: name, name: "inline", policy: policy("ec2:Describe*") };
    const rolePolicy = await make("aws:iam/rolePolicy:RolePolicy", "inline", inline);
    assert.deepEqual(await settles(rolePolicy, inline), []);
    assert.equal(await rolePolicy.up({ ...inline, policy: policy("ec2:*") }), "update");
    const attached = { role: name, policyArn: "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore" };
    const attachment = await make("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "sessions", attached);
    assert.deepEqual(await settles(attachment, attached), []);
    const profile = await make("aws:iam/instanceProfile:InstanceProfile", "profile", { role: name, tags: { a: "1" } });
    assert.equal(state(profile)["role"], name);
    assert.deepEqual(await settles(profile, { role: name, tags: { a: "1" } }), ["name"]);
  });

  it("parameters are secret, and others may write them", async () => {
    const program = {
      name: "/cluster/join",
      type: "SecureString",
      value: new Secret("first secret"),
      tags: { a: "1" },
    };
    const parameter = await make("aws:ssm/parameter:Parameter", "join", program);
    assert.ok(parameter.stored!.state.secrets.has("value") && parameter.stored!.inputs.secrets.has("value"));
    assert.equal(state(parameter)["version"], 1);
    assert.deepEqual(await settles(parameter, program), []);
    assert.equal(await parameter.up({ ...program, value: new Secret("second secret") }), "update");
    assert.equal(state(parameter)["version"], 2);
    await ssm.send(
      new PutParameterCommand({ Name: "/cluster/join", Value: "by hand", Type: "SecureString", Overwrite: true }),
    );
    await parameter.refresh();
    const { inputs } = await parameter.check(program);
    assert.deepEqual((await parameter.diff(inputs)).changes, { value: "update" });
    assert.deepEqual((await parameter.diff(inputs, ["value"])).changes, {});
    await scene.simulator.addFault({ action: "PutParameter", code: "AccessDeniedException", message: "no" });
    await assert.rejects(parameter.up(program), (error: PluginError) => {
      assert.match(error.message, /no \(PutParameter: AccessDeniedException/);
      return !error.message.includes("first secret");
    });
  });

  it("keys of KMS have a policy and tags, and are scheduled for deletion", async () => {
    const program = { description: "d", policy: policy("kms:*"), deletionWindowInDays: 7, tags: { a: "1" } };
    const key = await make("aws:kms/key:Key", "key", program);
    assert.match(String(state(key)["arn"]), /^arn:aws:kms:us-west-2:\d+:key\//);
    assert.deepEqual(await settles(key, program), []);
    assert.equal(await key.up({ ...program, policy: policy("kms:Decrypt"), tags: { b: "2" } }), "update");
    assert.match(String(state(key)["policy"]), /kms:Decrypt/);
    assert.deepEqual(state(key)["tagsAll"], { b: "2" });
    const { id } = key.stored!;
    await key.destroy();
    assert.ok(!(await scene.simulator.state()).keys.some((each) => each.id === id));
  });

  describe("machines", () => {
    it("come from launch templates, which have versions", async () => {
      const { result } = await plugin.invoke("aws:ec2/getAmi:getAmi", { mostRecent: true, filters: [] });
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
      const template = await make("aws:ec2/launchTemplate:LaunchTemplate", "group", program);
      assert.equal(state(template)["latestVersion"], 1);
      assert.deepEqual(await settles(template, program), ["name"]);
      assert.equal(await template.up({ ...program, tags: { a: "2" } }), "update");
      assert.equal(state(template)["latestVersion"], 1, "tags of the template make no version");
      assert.equal(
        await template.up({ ...program, userData: Buffer.from("#!/bin/bash").toString("base64") }),
        "update",
      );
      assert.equal(state(template)["latestVersion"], 2);
      assert.equal(state(template)["defaultVersion"], 2);
    });

    it("run, keep their disk, change and end", async () => {
      const vpcId = (await vpc()).stored!.id;
      const subnetId = (await subnet(vpcId)).stored!.id;
      const group = await make("aws:ec2/securityGroup:SecurityGroup", "one", { vpcId });
      const { result } = await plugin.invoke("aws:ec2/getAmi:getAmi", { mostRecent: true });
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
      const instance = await make("aws:ec2/instance:Instance", "cp", program);
      assert.equal(state(instance)["instanceState"], "running");
      assert.match(String(state(instance)["privateIp"]), /^10\.0\.1\./);
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

      const address = await make("aws:ec2/eip:Eip", "address", {});
      const allocationId = address.stored!.id;
      const pair = { allocationId, instanceId: instance.stored!.id };
      const association = await make("aws:ec2/eipAssociation:EipAssociation", "pair", pair);
      assert.equal(state(association)["publicIp"], state(address)["publicIp"]);
      assert.equal(await association.up(pair), "same");
      await instance.refresh();
      assert.equal(state(instance)["publicIp"], state(address)["publicIp"]);

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
      assert.equal(state(instance)["instanceType"], "t3.large");
      assert.equal(state(instance)["instanceState"], "running");
    });

    it("that AWS does not give are errors in AWS's words, and nothing is kept", async () => {
      const vpcId = (await vpc()).stored!.id;
      const subnetId = (await subnet(vpcId)).stored!.id;
      await scene.simulator.addFault({
        action: "RunInstances",
        code: "InsufficientInstanceCapacity",
        message: "none left",
        times: 5,
      });
      const { result } = await plugin.invoke("aws:ec2/getAmi:getAmi", { mostRecent: true });
      const instance = resource("aws:ec2/instance:Instance", "none");
      const asked = instance.up({ ami: result.values["id"] as string, instanceType: "t3.large", subnetId });
      await assert.rejects(asked, /none left \(RunInstances: InsufficientInstanceCapacity/);
      assert.equal(instance.stored, undefined);
    });
  });

  it("asks as the role that the provider's configuration names", async () => {
    const assuming = await start({
      assumeRoles: JSON.stringify([{ roleArn: "arn:aws:iam::123456789012:role/deployer", externalId: "x1" }]),
    });
    const who = await assuming.invoke("aws:index/getCallerIdentity:getCallerIdentity", {});
    assert.match(String(who.result.values["arn"]), /assumed-role\/deployer/);
  });
});
