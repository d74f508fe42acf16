import assert from "node:assert/strict";
import {
  AssociateRouteTableCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateNetworkAclCommand,
  CreateNetworkAclEntryCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateVpcEndpointCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkAclsCommand,
  ModifyVpcBlockPublicAccessOptionsCommand,
  ReplaceNetworkAclAssociationCommand,
} from "@aws-sdk/client-ec2";
import { EngineResource, type Plugin } from "../server/harness";
import { region, startScene, startScenePlugin, type Scene } from "./scene";
import { vpcByHand } from "./vpc-by-hand";

const everywhere = "0.0.0.0/0";

describe("what a network that exists lets pass, on the simulated AWS", () => {
  let scene: Scene;
  let plugin: Plugin;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
    plugin = await startScenePlugin(scene);
  });
  after(async () => {
    await plugin.stop();
    await scene.close();
  });

  const choice = (name: string) => new EngineResource(plugin, "gpu-clusters:aws:SubnetChoice", name);
  const madeByHand = (range: string) => vpcByHand(scene.ec2, range);

  it("refuses subnets whose network ACL keeps machines from what they need", async () => {
    const { ec2 } = scene;
    const { vpcId, open, hidden, subnet } = await madeByHand("10.36.0.0/16");
    const other = await subnet(2, "b");
    const refused = async (...subnetIds: string[]) =>
      (await choice("guarded").check({ subnetIds })).failures.map(({ property, reason }) => `${property}: ${reason}`);
    assert.deepEqual(await refused(open, hidden), []);
    const acl = await guard(vpcId, hidden);
    await ec2.send(new CreateNetworkAclEntryCommand({ ...acl, ...rule(100, true, "-1", everywhere) }));
    const ephemeral = { PortRange: { From: 49_152, To: 65_535 } };
    await ec2.send(new CreateNetworkAclEntryCommand({ ...acl, ...rule(100, false, "6", everywhere), ...ephemeral }));
    assert.deepEqual(await refused(open, hidden), [
      `subnetIds[1]: ${hidden} has the network ACL ${acl.NetworkAclId}, which lets no answers (TCP 32768 to 60999) in from the internet, where machines get all they install`,
    ]);
    const { failures } = await choice("guarded-vpc").check({ vpcId });
    assert.match(failures.map(({ reason }) => reason).join(), /public addresses|which lets no answers/);
    await ec2.send(new CreateNetworkAclEntryCommand({ ...acl, ...rule(110, false, "6", everywhere) }));
    assert.deepEqual(await refused(open, hidden), []);
    const nat = await ec2.send(new DescribeNatGatewaysCommand({ Filter: [{ Name: "vpc-id", Values: [vpcId] }] }));
    await routed(vpcId, other, nat.NatGateways![0]!.NatGatewayId!);
    assert.deepEqual(await refused(open, hidden, other), [
      `subnetIds: ${hidden} has the network ACL ${acl.NetworkAclId}, which lets no pods' traffic (VXLAN, UDP 8472) in from ${other} (10.36.32.0/20): ` +
        "machines of a cluster talk freely among themselves",
    ]);
    await ec2.send(new CreateNetworkAclEntryCommand({ ...acl, ...rule(120, false, "17", "10.36.0.0/16") }));
    assert.deepEqual(await refused(open, hidden, other), []);
  });

  it("refuses private addresses of SSM and EC2 that let nobody of a new cluster in", async () => {
    const { ec2 } = scene;
    const { vpcId, open, hidden } = await madeByHand("10.37.0.0/16");
    const named = { GroupName: "endpoints", Description: "endpoints", VpcId: vpcId };
    const GroupId = (await ec2.send(new CreateSecurityGroupCommand(named))).GroupId!;
    const ServiceName = `com.amazonaws.${region}.ssm`;
    const place = {
      VpcId: vpcId,
      VpcEndpointType: "Interface" as const,
      SubnetIds: [hidden],
      SecurityGroupIds: [GroupId],
    };
    const made = await ec2.send(new CreateVpcEndpointCommand({ ...place, ServiceName, PrivateDnsEnabled: true }));
    const refused = async (resource = choice("endpoints")) =>
      (await resource.check({ subnetIds: [open, hidden] })).failures.map(
        ({ property, reason }) => `${property}: ${reason}`,
      );
    assert.deepEqual(await refused(), [
      `subnetIds: ${made.VpcEndpoint!.VpcEndpointId} answers for ${ServiceName} in ${vpcId} under its public name, and its security groups (${GroupId}) ` +
        `let no TCP 443 in from ${hidden} (10.37.16.0/20): machines there would never become nodes; add a rule for these ranges`,
    ]);
    const IpPermissions = [{ IpProtocol: "tcp", FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: "10.37.0.0/16" }] }];
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
    assert.deepEqual(await refused(), []);
  });

  it("refuses subnets that are cut off from their internet gateway, where something needs it", async () => {
    const { open, hidden } = await madeByHand("10.38.0.0/16");
    const block = (InternetGatewayBlockMode: "off" | "block-ingress") =>
      scene.ec2.send(new ModifyVpcBlockPublicAccessOptionsCommand({ InternetGatewayBlockMode }));
    await block("block-ingress");
    try {
      const { failures } = await choice("cut-off").check({ subnetIds: [open, hidden] });
      assert.match(
        failures[0]!.reason,
        /is cut off from its internet gateway by VPC Block Public Access \(block-ingress\)/,
      );
      const inside = await choice("inside").check({ subnetIds: [open, hidden], publicApi: false });
      assert.deepEqual(inside.failures, []);
    } finally {
      await block("off");
    }
  });

  async function guard(VpcId: string, SubnetId: string) {
    const { ec2 } = scene;
    const { NetworkAclId } = (await ec2.send(new CreateNetworkAclCommand({ VpcId }))).NetworkAcl!;
    const before = await ec2.send(
      new DescribeNetworkAclsCommand({ Filters: [{ Name: "association.subnet-id", Values: [SubnetId] }] }),
    );
    const { NetworkAclAssociationId: AssociationId } = before.NetworkAcls!.flatMap(({ Associations = [] }) =>
      Associations.filter((each) => each.SubnetId === SubnetId),
    )[0]!;
    await ec2.send(new ReplaceNetworkAclAssociationCommand({ AssociationId, NetworkAclId }));
    return { NetworkAclId: NetworkAclId! };
  }

  const rule = (RuleNumber: number, Egress: boolean, Protocol: string, CidrBlock: string) => ({
    RuleNumber,
    Egress,
    Protocol,
    CidrBlock,
    RuleAction: "allow" as const,
  });

  async function routed(VpcId: string, SubnetId: string, NatGatewayId: string): Promise<void> {
    const RouteTableId = (await scene.ec2.send(new CreateRouteTableCommand({ VpcId }))).RouteTable!.RouteTableId!;
    await scene.ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId }));
    await scene.ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: everywhere, NatGatewayId }));
  }
});
