import assert from "node:assert/strict";
import {
  AssociateVpcCidrBlockCommand,
  CreateManagedPrefixListCommand,
  CreateRouteCommand,
  DeleteRouteCommand,
  DescribeRouteTablesCommand,
  DisassociateVpcCidrBlockCommand,
  ModifySubnetAttributeCommand,
  type RouteTable,
} from "@aws-sdk/client-ec2";
import fc from "fast-check";
import { chooseSubnets } from "../../../provider/aws/chosen-subnets";
import { routeTableOf, wayOut, type ExistingSubnet, type WayOut } from "../../../provider/aws/existing-subnets";
import { isOfCluster, ofNetwork } from "../../../provider/aws/users-fields";
import { EngineResource, type Plugin } from "../server/harness";
import { region, startScene, startScenePlugin, type Scene } from "./scene";
import { vpcByHand } from "./vpc-by-hand";

const everywhere = "0.0.0.0/0";

describe("the way out of a subnet that exists", () => {
  const table = (id: string, routes: RouteTable["Routes"], ...subnets: string[]): RouteTable => ({
    RouteTableId: id,
    VpcId: "vpc-1",
    Routes: [{ DestinationCidrBlock: "10.0.0.0/16", GatewayId: "local" }, ...(routes ?? [])],
    Associations: subnets.map((SubnetId) => (SubnetId === "main" ? { Main: true } : { SubnetId })),
  });

  it("is that of its own route table, else of its VPC's main one", () => {
    const main = table("rtb-main", [], "main");
    const own = table("rtb-own", [], "subnet-a", "subnet-b");
    const elsewhere = { ...table("rtb-else", [], "main"), VpcId: "vpc-2" };
    const of = (id: string) => routeTableOf(id, "vpc-1", [elsewhere, main, own])?.RouteTableId;
    assert.deepEqual(["subnet-a", "subnet-b", "subnet-c"].map(of), ["rtb-own", "rtb-own", "rtb-main"]);
  });

  it("is where the default route leads, if that is still there", () => {
    const way = (...routes: NonNullable<RouteTable["Routes"]>) => wayOut(table("rtb", routes));
    const DestinationCidrBlock = everywhere;
    assert.equal(way({ DestinationCidrBlock, GatewayId: "igw-1", State: "active" }), "internet");
    for (const target of [
      { NatGatewayId: "nat-1" },
      { TransitGatewayId: "tgw-1" },
      { NetworkInterfaceId: "eni-1" },
      { GatewayId: "vgw-1" },
      { GatewayId: "vpce-1" },
    ])
      assert.equal(way({ DestinationCidrBlock, ...target }), "nat", JSON.stringify(target));
    assert.equal(way(), "none");
    assert.equal(way({ DestinationCidrBlock, NatGatewayId: "nat-1", State: "blackhole" }), "none");
    assert.equal(way({ DestinationIpv6CidrBlock: "::/0", GatewayId: "igw-1" }), "none");
    assert.equal(way({ DestinationCidrBlock: "203.0.113.0/24", GatewayId: "igw-1" }), "none");
    const list = { DestinationPrefixListId: "pl-1", NatGatewayId: "nat-1" };
    const by = (route: NonNullable<RouteTable["Routes"]>[number], ...ranges: string[]) =>
      wayOut(table("rtb", [route]), new Map([["pl-1", ranges]]));
    assert.equal(by(list, "10.0.0.0/8", everywhere), "nat");
    assert.equal(by(list, "0.0.0.0/1", "128.0.0.0/1"), "nat");
    const byGateway = { DestinationPrefixListId: "pl-1", GatewayId: "igw-1" };
    assert.equal(by(byGateway, everywhere), "internet");
    assert.equal(by({ ...list, State: "blackhole" }, everywhere), "none");
    assert.equal(by({ DestinationPrefixListId: "pl-1", GatewayId: "vpce-1" }, "52.218.0.0/17"), "none");
    // Without the right to read it, a list may say anything; those of S3 and DynamoDB, by their endpoints, do not.
    const unread = (route: NonNullable<RouteTable["Routes"]>[number]) =>
      wayOut(table("rtb", [route]), new Map([["pl-1", undefined]]));
    assert.deepEqual([list, byGateway, { DestinationPrefixListId: "pl-1", GatewayId: "vpce-1" }].map(unread), [
      "nat",
      "internet",
      "none",
    ]);
    const half = (range: string) => ({ DestinationCidrBlock: range, TransitGatewayId: "tgw-1" });
    assert.equal(way(half("0.0.0.0/1")), "none");
    assert.equal(way(half("0.0.0.0/1"), half("128.0.0.0/1")), "nat");
    const corporate = { DestinationCidrBlock: "10.0.0.0/8", TransitGatewayId: "tgw-1" };
    const publicRanges = [
      "0.0.0.0/5",
      "8.0.0.0/7",
      "11.0.0.0/8",
      "12.0.0.0/6",
      "16.0.0.0/4",
      "32.0.0.0/3",
      "64.0.0.0/2",
    ];
    const upper = [
      "128.0.0.0/3",
      "160.0.0.0/5",
      "168.0.0.0/6",
      "172.0.0.0/12",
      "172.32.0.0/11",
      "172.64.0.0/10",
      "172.128.0.0/9",
    ];
    const last = ["173.0.0.0/8", "174.0.0.0/7", "176.0.0.0/4", "192.0.0.0/9", "192.128.0.0/11", "192.160.0.0/13"];
    const rest = ["192.169.0.0/16", "192.170.0.0/15", "192.172.0.0/14", "192.176.0.0/12", "192.192.0.0/10"];
    const ends = ["193.0.0.0/8", "194.0.0.0/7", "196.0.0.0/6", "200.0.0.0/5", "208.0.0.0/4"];
    const each = [...publicRanges, ...upper, ...last, ...rest, ...ends];
    const toGateway = each.map((DestinationCidrBlock) => ({ DestinationCidrBlock, GatewayId: "igw-1" }));
    assert.equal(way(corporate, ...toGateway), "internet");
    assert.equal(way(corporate, ...toGateway.slice(1)), "none");
  });
});

describe("the choice among subnets that exist", () => {
  const subnet = (id: string, zone: string, wayOut: WayOut, more: Partial<ExistingSubnet> = {}): ExistingSubnet => ({
    id,
    zone,
    wayOut,
    range: "10.0.0.0/20",
    vpcId: "vpc-1",
    addresses: false,
    ...(wayOut === "none" && { unfit: "has no way out" }),
    ...more,
  });
  const named = (...subnets: ExistingSubnet[]) => {
    const { chosen, failures } = chooseSubnets(subnets, { subnetIds: subnets.map(({ id }) => id) });
    return { chosen, refused: failures.map(({ property, reason }) => `${property}: ${reason}`) };
  };

  it("puts nodes behind a NAT gateway and what has a public address before an internet gateway", () => {
    const { chosen, failures } = chooseSubnets(
      [
        subnet("subnet-d", "b", "nat"),
        subnet("subnet-c", "a", "nat"),
        subnet("subnet-b", "a", "internet"),
        subnet("subnet-a", "a", "none"),
        subnet("subnet-e", "a", "nat", { unfit: "is on an Outpost" }),
      ],
      { vpcId: "vpc-1" },
    );
    assert.deepEqual(failures, []);
    assert.deepEqual(chosen, {
      vpcId: "vpc-1",
      nodeSubnetIds: ["subnet-c", "subnet-d"],
      zones: ["a", "b"],
      publicSubnetIds: ["subnet-b"],
      publicNodes: false,
    });
    const open = named(subnet("subnet-a", "a", "internet", { addresses: true }));
    assert.deepEqual([open.chosen.nodeSubnetIds, open.chosen.publicNodes, open.refused], [["subnet-a"], true, []]);
    const both = named(subnet("subnet-b", "a", "internet"), subnet("subnet-a", "a", "nat"));
    assert.deepEqual([both.refused, both.chosen.nodeSubnetIds], [[], ["subnet-a"]]);
  });

  it("takes none that has no address left, unless the cluster is in it", () => {
    const full = { closed: "has no address left" };
    const all = [
      subnet("subnet-a", "a", "nat", full),
      subnet("subnet-b", "a", "nat"),
      subnet("subnet-i", "a", "internet"),
    ];
    const { chosen, failures } = chooseSubnets(all, { vpcId: "vpc-1" });
    assert.deepEqual([chosen.nodeSubnetIds, failures], [["subnet-b"], []]);
    const [first, , open] = all;
    assert.deepEqual(named(first!, open!).refused, ["subnetIds[0]: subnet-a has no address left"]);
    const closed = chooseSubnets([subnet("subnet-i", "a", "internet", full), all[1]!], { vpcId: "vpc-1" }).failures;
    assert.match(closed[0]!.reason, /^no subnet leads to an internet gateway.*; subnet-i has no address left$/);
    const before = { ...chosen, nodeSubnetIds: ["subnet-a"] };
    const later = chooseSubnets([first!, open!], { subnetIds: ["subnet-a", "subnet-i"] }, before);
    assert.deepEqual([later.chosen.nodeSubnetIds, later.failures], [["subnet-a"], []]);
    const moved = chooseSubnets([first!, open!], { subnetIds: ["subnet-a", "subnet-i"] }, chosen);
    assert.equal(moved.failures[0]?.reason, "subnet-a has no address left", "it is new to the cluster");
  });

  it("refuses each named one that does not fit, with its id and the reason", () => {
    const good = [subnet("subnet-i", "a", "internet"), subnet("subnet-n", "a", "nat")];
    const { refused } = named(
      ...good,
      subnet("subnet-x", "b", "none"),
      subnet("subnet-y", "a", "nat"),
      subnet("subnet-z", "b", "nat", { vpcId: "vpc-2" }),
    );
    assert.deepEqual(refused, [
      "subnetIds[2]: subnet-x has no way out",
      "subnetIds[4]: subnet-z is in vpc-2, not in vpc-1",
      "subnetIds[3]: subnet-y and subnet-n are both in a, and a fleet takes one subnet for each zone",
    ]);
    assert.match(named(good[0]!).refused.join(), /^subnetIds\[0\]: subnet-i leads to an internet gateway, but gives/);
    assert.match(named(good[1]!).refused.join(), /^subnetIds: no subnet leads to an internet gateway.*subnet-n: NAT/);
    const missing = chooseSubnets(good, { subnetIds: ["subnet-i", "subnet-n", "subnet-0"] }).failures;
    assert.deepEqual(missing, [{ property: "subnetIds[2]", reason: "subnet-0 does not exist" }]);
  });

  it("says of a VPC without any that fits why each of its subnets does not", () => {
    const reasons = (...subnets: ExistingSubnet[]) =>
      chooseSubnets(subnets, { vpcId: "vpc-1" }).failures.map(({ property, reason }) => `${property}: ${reason}`);
    assert.deepEqual(reasons(), ["vpcId: vpc-1 does not exist, or has no subnets"]);
    assert.match(
      reasons(subnet("subnet-x", "a", "none")).join(),
      /^vpcId: no subnet leads.*; subnet-x has no way out$/,
    );
    assert.match(
      reasons(subnet("subnet-i", "a", "internet")).join(),
      /^vpcId: subnet-i leads to an internet gateway, but/,
    );
  });

  it("leaves the API's address where it is when others are named", () => {
    const [a, b, n] = [
      subnet("subnet-a", "a", "internet"),
      subnet("subnet-b", "b", "internet"),
      subnet("subnet-n", "a", "nat"),
    ] as const;
    const before = named(b, n).chosen;
    const more = chooseSubnets([a, b, n], { subnetIds: ["subnet-a", "subnet-b", "subnet-n"] }, before);
    assert.deepEqual([more.failures, more.chosen.publicSubnetIds], [[], ["subnet-b", "subnet-a"]]);
    const [lost] = chooseSubnets([a, n], { subnetIds: ["subnet-a", "subnet-n"] }, before).failures;
    assert.match(lost!.reason, /^subnet-b stays for the cluster's life/);
    const moved = { ...a, vpcId: "vpc-2" };
    const [other] = chooseSubnets([moved], { subnetIds: ["subnet-a"] }, before).failures;
    assert.equal(other!.reason, "subnet-a is in vpc-2, not in vpc-1, where the cluster stays for its life");
  });

  it("stays in its VPC, whether that is named or its subnets are", () => {
    const there = [subnet("subnet-b", "b", "internet"), subnet("subnet-n", "a", "nat")];
    const before = chooseSubnets(there, { vpcId: "vpc-1" }).chosen;
    const ids = { subnetIds: ["subnet-b", "subnet-n"] };
    assert.deepEqual(chooseSubnets(there, ids, before), { chosen: before, failures: [] });
    assert.deepEqual(chooseSubnets(there, { vpcId: "vpc-1" }, named(...there).chosen).failures, []);
    const elsewhere = there.map((each) => ({ ...each, vpcId: "vpc-2" }));
    assert.deepEqual(chooseSubnets(elsewhere, { vpcId: "vpc-2" }, before).failures[0], {
      property: "vpcId",
      reason: "vpc-2 is not vpc-1, where the cluster stays for its life",
    });
  });

  it("is told by the cluster's own fields where a cluster asks", () => {
    const parent = "urn:pulumi:s::p::gpu-clusters:aws:AwsCluster$gpu-clusters:aws:AwsNetwork";
    assert.ok(isOfCluster(`${parent}$gpu-clusters:aws:SubnetChoice::c-network-subnets`));
    assert.ok(!isOfCluster("urn:pulumi:s::p::gpu-clusters:aws:SubnetChoice::mine"));
    const failures = ["subnetIds[0]", "vpcId", "apart.podCidr"].map((property) => ({ property, reason: "no" }));
    assert.deepEqual(
      ofNetwork(failures).map(({ property }) => property),
      ["network.subnetIds[0]", "network.vpcId", "podCidr"],
    );
  });

  it("needs no internet gateway where nothing has a public address, and then a way out by something else", () => {
    const privately = { vpcId: "vpc-1", publicApi: false };
    const inside = [subnet("subnet-a", "a", "nat"), subnet("subnet-b", "b", "nat")];
    const { chosen, failures } = chooseSubnets(
      [...inside, subnet("subnet-c", "a", "internet", { addresses: true })],
      privately,
    );
    assert.deepEqual([failures, chosen.nodeSubnetIds, chosen.publicSubnetIds], [[], ["subnet-a", "subnet-b"], []]);
    const [refused] = chooseSubnets([subnet("subnet-c", "a", "internet", { addresses: true })], privately).failures;
    assert.match(refused!.reason, /^no subnet leads out by a NAT gateway, a transit gateway or the like/);
    const [without] = chooseSubnets(inside, { vpcId: "vpc-1" }).failures;
    assert.match(without!.reason, /no subnet leads to an internet gateway.*unless controlPlane.publicAddress is false/);
  });

  it("takes one subnet of each zone and kind, whatever there is, and never one that does not fit", () => {
    const any = fc.record({
      zone: fc.constantFrom("a", "b", "c"),
      wayOut: fc.constantFrom<WayOut>("internet", "nat", "none"),
      addresses: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (all) => {
        const subnets = all.map(({ zone, wayOut, addresses }, n) => subnet(`s-${n}`, zone, wayOut, { addresses }));
        const { chosen, failures } = chooseSubnets(subnets, { vpcId: "vpc-1" });
        if (failures.length > 0) return;
        const find = (id: string) => subnets.find((each) => each.id === id)!;
        const nodes = chosen.nodeSubnetIds.map(find);
        assert.ok(nodes.length > 0 && chosen.publicSubnetIds.length > 0);
        assert.ok(nodes.every(({ wayOut, addresses }) => wayOut === "nat" || (wayOut === "internet" && addresses)));
        assert.equal(new Set(chosen.zones).size, nodes.length);
        assert.ok(chosen.publicSubnetIds.map(find).every(({ wayOut }) => wayOut === "internet"));
      }),
    );
  });
});

describe("aws:SubnetChoice on the simulated AWS", () => {
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

  it("judges subnets by routes, at the preview, and keeps what it chose", async () => {
    const { vpcId, open, hidden, subnet, table } = await madeByHand("10.31.0.0/16");
    const closed = await subnet(2, "b");
    await table(closed);
    const chosen = choice("by-routes");
    const { values } = await chosen.previewCreate((await chosen.check({ vpcId })).inputs);
    assert.deepEqual([values["nodeSubnetIds"], values["publicSubnetIds"]], [[hidden], [open]]);
    await chosen.up({ vpcId });
    // One more, of which the cluster was not told.
    await table(await subnet(3, "b"), undefined);
    await scene.ec2.send(new ModifySubnetAttributeCommand({ SubnetId: open, MapPublicIpOnLaunch: { Value: true } }));
    assert.equal(await chosen.up({ vpcId }), "same");
    const { failures } = await choice("named").check({ subnetIds: [open, closed, hidden] });
    assert.equal(failures.length, 1);
    assert.equal(failures[0]!.property, "subnetIds[1]");
    assert.match(
      failures[0]!.reason,
      new RegExp(`^${closed} has no way out \\(its route table, rtb-\\w+, leads nowhere`),
    );
  });

  it("follows prefix lists, as far as they may be read", async () => {
    const { ec2 } = scene;
    const { vpcId, open, hidden } = await madeByHand("10.35.0.0/16");
    const entries = [{ Cidr: everywhere, Description: "all" }];
    const list = { PrefixListName: "everywhere", AddressFamily: "IPv4", MaxEntries: 1, Entries: entries };
    const { PrefixList } = await ec2.send(new CreateManagedPrefixListCommand(list));
    const tables = await ec2.send(new DescribeRouteTablesCommand({ Filters: [{ Name: "vpc-id", Values: [vpcId] }] }));
    const byNat = tables.RouteTables!.flatMap(({ RouteTableId, Routes = [] }) =>
      Routes.flatMap(({ NatGatewayId }) => (NatGatewayId === undefined ? [] : { RouteTableId, NatGatewayId })),
    );
    const { RouteTableId, NatGatewayId } = byNat[0]!;
    await ec2.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock: everywhere }));
    const DestinationPrefixListId = PrefixList!.PrefixListId;
    await ec2.send(new CreateRouteCommand({ RouteTableId, DestinationPrefixListId, NatGatewayId }));
    const { failures } = await choice("by-list").check({ subnetIds: [open, hidden] });
    assert.deepEqual(failures, []);
  });

  it("refuses what is in a local zone, and what has IPv6 only", async () => {
    const { subnet, open, hidden } = await madeByHand("10.32.0.0/16");
    const native = await subnet(2, "c", { CidrBlock: undefined, Ipv6Native: true, Ipv6CidrBlock: "2600:1f14::/64" });
    const local = await subnet(3, "-lax-1a");
    const { failures } = await choice("refused").check({ subnetIds: [open, hidden, native, local] });
    assert.deepEqual(
      failures.map(({ property, reason }) => `${property}: ${reason}`),
      [
        `subnetIds[2]: ${native} has IPv6 addresses only, and machines of a cluster need IPv4 ones`,
        `subnetIds[3]: ${local} is in ${region}-lax-1a, a local zone, which has no load balancers and NAT gateways as a cluster needs them`,
      ],
    );
  });

  it("compares every range of the VPC with those of pods and Services", async () => {
    const { ec2 } = scene;
    const { vpcId } = await madeByHand("10.100.0.0/16");
    const more = await ec2.send(new AssociateVpcCidrBlockCommand({ VpcId: vpcId, CidrBlock: "10.244.0.0/16" }));
    const apart = { podCidr: "10.244.0.0/16", serviceCidr: "10.96.0.0/12" };
    const refused = async (ranges: Record<string, string>) =>
      (await choice("overlapping").check({ vpcId, apart: ranges })).failures.map(
        ({ property, reason }) => `${property}: ${reason}`,
      );
    const [pods, services] = await refused(apart);
    assert.match(pods!, /^apart.podCidr: 10.244.0.0\/16 overlaps 10.244.0.0\/16, a range of vpc-/);
    assert.match(services!, /^apart.serviceCidr: 10.96.0.0\/12 overlaps 10.100.0.0\/16, a range of vpc-/);
    assert.deepEqual(await refused({ podCidr: "10.200.0.0/16", serviceCidr: "172.20.0.0/16" }), []);
    const { AssociationId } = more.CidrBlockAssociation!;
    await ec2.send(new DisassociateVpcCidrBlockCommand({ AssociationId }));
    assert.equal((await refused(apart)).length, 1);
  });

  it("leaves the API where it is when other subnets are named later", async () => {
    const { open, hidden, subnet, table } = await madeByHand("10.33.0.0/16");
    const chosen = choice("later");
    await chosen.up({ subnetIds: [open, hidden] });
    const more = await subnet(2, "b");
    assert.equal(await chosen.up({ subnetIds: [more, open, hidden] }), "update");
    assert.deepEqual(chosen.stored!.state.values["publicSubnetIds"], [open, more]);
    await table(more);
    await assert.rejects(chosen.up({ subnetIds: [more, hidden] }), /has no way out/);
    const other = await madeByHand("10.34.0.0/16");
    await assert.rejects(chosen.up({ subnetIds: [other.open, other.hidden] }), /not in vpc-/);
  });
});
