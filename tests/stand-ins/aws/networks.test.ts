/** Networks of the stand-in and what lets traffic through, on the simulated AWS. */
import assert from "node:assert/strict";
import { CreateTagsCommand, DeleteVpcCommand, EC2Client } from "@aws-sdk/client-ec2";
import { region } from "../../provider/aws/scene";
import { EngineResource } from "../../provider/server/harness";
import { DrivenStandIn, settles, stateOf } from "./driven-stand-in";

describe("networks of the stand-in for the aws provider", function () {
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

  it("live from the VPC to the routes", async () => {
    const program = { cidrBlock: "10.0.0.0/16", enableDnsHostnames: true, tags: { Name: "net" } };
    const net = await aws.vpc();
    const vpcId = net.stored!.id;
    assert.match(vpcId, /^vpc-/);
    for (const output of ["arn", "mainRouteTableId", "defaultSecurityGroupId", "ownerId"])
      assert.ok(stateOf(net)[output], output);
    assert.equal(stateOf(net)["region"], region);
    assert.deepEqual(await settles(net, program), []);
    assert.equal(await net.up({ ...program, enableDnsHostnames: false, tags: { Name: "other" } }), "update");
    assert.deepEqual(stateOf(net)["tagsAll"], { Name: "other" });
    const { inputs } = await net.check({ ...program, cidrBlock: "10.1.0.0/16" });
    assert.deepEqual((await net.diff(inputs)).replaces, ["cidrBlock"]);

    const place = { vpcId, cidrBlock: "10.0.1.0/24", availabilityZone: `${region}a` };
    const sub = await aws.subnet(vpcId, { mapPublicIpOnLaunch: true });
    assert.deepEqual(await settles(sub, { ...place, mapPublicIpOnLaunch: true }), []);
    assert.equal(await sub.up({ ...place, mapPublicIpOnLaunch: false }), "update");
    assert.equal(stateOf(sub)["mapPublicIpOnLaunch"], false);

    const gateway = await aws.make("aws:ec2/internetGateway:InternetGateway", "igw", { vpcId });
    assert.deepEqual(await settles(gateway, { vpcId }), []);
    const table = await aws.make("aws:ec2/routeTable:RouteTable", "table", { vpcId, tags: { a: "b" } });
    assert.deepEqual(await settles(table, { vpcId, tags: { a: "b" } }), []);
    const routeTableId = table.stored!.id;

    const address = await aws.make("aws:ec2/eip:Eip", "address", { domain: "vpc" });
    assert.match(String(stateOf(address)["publicIp"]), /^\d+\./);
    const allocationId = stateOf(address)["allocationId"] as string;
    const subnetId = sub.stored!.id;
    const nat = await aws.make("aws:ec2/natGateway:NatGateway", "nat", { allocationId, subnetId });
    assert.deepEqual(await settles(nat, { allocationId, subnetId }), []);

    const out = { routeTableId, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.stored!.id };
    const route = await aws.make("aws:ec2/route:Route", "route", out);
    assert.deepEqual(await settles(route, out), []);
    const elsewhere = { routeTableId, destinationCidrBlock: "0.0.0.0/0", natGatewayId: nat.stored!.id };
    assert.equal(await route.up(elsewhere), "update");
    assert.equal(stateOf(route)["natGatewayId"], nat.stored!.id);
    await assert.rejects(route.up({ ...elsewhere, gatewayId: gateway.stored!.id }), /exactly one of/);

    const pair = { routeTableId, subnetId };
    const association = await aws.make("aws:ec2/routeTableAssociation:RouteTableAssociation", "pair", pair);
    assert.deepEqual(await settles(association, pair), []);

    const s3 = { vpcId, serviceName: `com.amazonaws.${region}.s3`, routeTableIds: [routeTableId] };
    const endpoint = await aws.make("aws:ec2/vpcEndpoint:VpcEndpoint", "s3", s3);
    assert.deepEqual(await settles(endpoint, s3), []);
    assert.equal(await endpoint.up({ ...s3, routeTableIds: [] }), "update");
    assert.deepEqual(stateOf(endpoint)["routeTableIds"], []);

    const ids = await aws.plugin.invoke("aws:ec2/getSubnets:getSubnets", {
      filters: [{ name: "vpc-id", values: [vpcId] }],
    });
    assert.deepEqual(ids.result.values["ids"], [subnetId]);
    const found = await aws.plugin.invoke("aws:ec2/getSubnet:getSubnet", { id: subnetId });
    assert.equal(found.result.values["availabilityZone"], `${region}a`);
    const zones = await aws.plugin.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {
      state: "available",
      filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
    });
    assert.equal((zones.result.values["names"] as string[])[0], `${region}a`);
  });

  it("notice what others did", async () => {
    const net = await aws.vpc();
    const program = { cidrBlock: "10.0.0.0/16", enableDnsHostnames: true, tags: { Name: "net" } };
    await ec2.send(new CreateTagsCommand({ Resources: [net.stored!.id], Tags: [{ Key: "by", Value: "hand" }] }));
    await net.refresh();
    const { inputs } = await net.check(program);
    assert.deepEqual((await net.diff(inputs)).changes, { "tags.by": "delete" });
    assert.equal(await net.up(program), "update");
    await net.refresh();
    assert.deepEqual(stateOf(net)["tagsAll"], { Name: "net" });
    await ec2.send(new DeleteVpcCommand({ VpcId: net.stored!.id }));
    const { stored } = net;
    assert.equal(await net.refresh(), false);
    await net.deleteStored(stored!);
  });

  it("wait for what goes with them, and name what does not go", async () => {
    const net = await aws.vpc();
    const sub = await aws.subnet(net.stored!.id);
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
    const tagging = await aws.another({ defaultTags: JSON.stringify({ tags: { owner: "me" } }) });
    const net = aws.resource("aws:ec2/vpc:Vpc", "tagged", tagging);
    await net.up({ cidrBlock: "10.0.0.0/16", tags: { a: "1" } });
    assert.deepEqual(stateOf(net)["tagsAll"], { owner: "me", a: "1" });
    await net.refresh();
    assert.equal(await net.up({ cidrBlock: "10.0.0.0/16", tags: { a: "1" } }), "same");
    const other = new EngineResource(aws.plugin, "aws:ec2/vpc:Vpc", "tagged");
    other.stored = net.stored;
    const { inputs } = await other.check({ cidrBlock: "10.0.0.0/16", tags: { a: "1" } });
    assert.deepEqual((await other.diff(inputs)).changes, { "tagsAll.owner": "delete" });
  });

  it("have security groups that let through what their rules say", async () => {
    const vpcId = (await aws.vpc()).stored!.id;
    const program = { vpcId, description: "nodes", tags: { Name: "nodes" } };
    const group = await aws.make("aws:ec2/securityGroup:SecurityGroup", "nodes", program);
    assert.match(String(stateOf(group)["name"]), /^nodes-[0-9a-f]{7}$/);
    assert.deepEqual(await settles(group, program), ["name"]);
    const securityGroupId = group.stored!.id;
    const groups = await aws.plugin.invoke("aws:ec2/getSecurityGroups:getSecurityGroups", { tags: { Name: "nodes" } });
    assert.deepEqual(groups.result.values["ids"], [securityGroupId]);
    const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
    const api = { securityGroupId, ipProtocol: "tcp", fromPort: 6443, toPort: 6443, cidrIpv4: "192.0.2.0/24" };
    const rule = await aws.make(ingress, "api", { ...api, tags: { a: "b" } });
    assert.deepEqual(await settles(rule, { ...api, tags: { a: "b" } }), []);
    assert.equal(await rule.up({ ...api, cidrIpv4: "198.51.100.0/24" }), "replace");
    const among = { securityGroupId, ipProtocol: "-1", referencedSecurityGroupId: securityGroupId };
    assert.deepEqual(await settles(await aws.make(ingress, "among", among), among), []);
    const out = { securityGroupId, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };
    const egress = await aws.make("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "out", out);
    assert.deepEqual(await settles(egress, out), []);
  });
});
