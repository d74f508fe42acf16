import assert from "node:assert/strict";
import { chooseExisting } from "../../../provider/aws/existing-network";
import { cannedEc2 } from "./canned";

describe("subnets that another account shares", () => {
  const subnet = (id: string, zone: string, MapPublicIpOnLaunch: boolean, third: number) => ({
    SubnetId: id,
    VpcId: "vpc-1",
    AvailabilityZone: zone,
    CidrBlock: `10.0.${third}.0/24`,
    AvailableIpAddressCount: 250,
    MapPublicIpOnLaunch,
  });
  const answers: Record<string, object> = {
    DescribeSubnets: {
      Subnets: [subnet("subnet-open", "us-west-2a", true, 0), subnet("subnet-nat", "us-west-2a", false, 1)],
    },
    // Whoever is given the subnets sees the tables that they name, and not the VPC's main one.
    DescribeRouteTables: { RouteTables: [] },
    DescribeNetworkAcls: { NetworkAcls: [] },
    DescribeAvailabilityZones: { AvailabilityZones: [{ ZoneName: "us-west-2a", State: "available" }] },
    DescribeVpcs: { Vpcs: [{ VpcId: "vpc-1", CidrBlock: "10.0.0.0/16", OwnerId: "210987654321" }] },
    DescribeVpcEndpoints: { VpcEndpoints: [] },
  };

  it("are taken at their word where the VPC's main route table, which they have, is not seen", async () => {
    const signal = AbortSignal.timeout(5_000);
    const ec2 = cannedEc2((call) => answers[call]!);
    const { chosen, failures } = await chooseExisting(ec2, { subnetIds: ["subnet-open", "subnet-nat"] }, {}, signal);
    assert.deepEqual(failures, []);
    assert.deepEqual([chosen.nodeSubnetIds, chosen.publicSubnetIds], [["subnet-nat"], ["subnet-open"]]);
    const alone = await chooseExisting(ec2, { vpcId: "vpc-1", publicApi: false }, {}, signal);
    assert.deepEqual([alone.failures, alone.chosen.nodeSubnetIds], [[], ["subnet-nat"]]);
  });
});
