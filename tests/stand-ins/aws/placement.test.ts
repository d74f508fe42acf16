/** Placement groups of the stand-in, and fleets in them, on the simulated AWS. */
import assert from "node:assert/strict";
import { EC2 } from "@aws-sdk/client-ec2";
import { IAM } from "@aws-sdk/client-iam";
import { region } from "../../provider/aws/scene";
import { DrivenStandIn } from "./driven-stand-in";
import { until } from "../../until";

describe("placement groups of the stand-in for the aws provider", function () {
  let aws: DrivenStandIn;
  let ec2: EC2;

  before(async function () {
    this.timeout(300_000);
    aws = await DrivenStandIn.start();
    ec2 = new EC2(aws.client);
    const iam = new IAM(aws.client);
    await iam.createServiceLinkedRole({ AWSServiceName: "ec2fleet.amazonaws.com" });
    iam.destroy();
  });
  after(async () => {
    ec2?.destroy();
    await aws?.close();
  });

  it("hold the machines whose template names them, which may have adapters, and go when those have gone", async () => {
    const program = { name: "train-gpu-cluster", strategy: "cluster", tags: { team: "search" } };
    const group = await aws.make("aws:ec2/placementGroup:PlacementGroup", "gpu", program);
    assert.equal(await group.up(program), "same");
    assert.equal(await group.refresh(), true);
    assert.equal(await group.up(program), "same");
    assert.equal(await group.up({ ...program, tags: { team: "ads" } }), "update");
    assert.deepEqual(group.stored!.state.values["tags"], { team: "ads" });

    const vpcId = (await aws.make("aws:ec2/vpc:Vpc", "net", { cidrBlock: "10.0.0.0/16" })).stored!.id;
    const place = { vpcId, cidrBlock: "10.0.1.0/24", availabilityZone: `${region}a` };
    const subnetId = (await aws.make("aws:ec2/subnet:Subnet", "sub", place)).stored!.id;
    const securityGroup = (await aws.make("aws:ec2/securityGroup:SecurityGroup", "nodes", { vpcId })).stored!.id;
    const { result } = await aws.plugin.invoke("aws:ec2/getAmi:getAmi", { mostRecent: true });
    const template = await aws.make("aws:ec2/launchTemplate:LaunchTemplate", "gpu", {
      imageId: result.values["id"] as string,
      placement: { groupName: "train-gpu-cluster" },
      networkInterfaces: [0, 1].map((card) => ({
        deviceIndex: card === 0 ? 0 : 1,
        networkCardIndex: card,
        interfaceType: card === 0 ? "efa" : "efa-only",
        securityGroups: [securityGroup],
        deleteOnTermination: "true",
      })),
    });
    const LaunchTemplateSpecification = { LaunchTemplateId: template.stored!.id, Version: "1" };
    const overrides = { InstanceType: "g5.8xlarge", SubnetId: subnetId } as const;
    const { FleetId: fleet } = await ec2.createFleet({
      LaunchTemplateConfigs: [{ LaunchTemplateSpecification, Overrides: [overrides] }],
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: "on-demand" },
    });
    const machines = await until("its machine", async () => {
      const { instances = [] } = await aws.scene.simulator.state();
      return instances.length > 0 && instances;
    });
    assert.deepEqual(
      machines.map((machine) => [machine["subnet"], machine["securityGroups"]]),
      [[subnetId, [securityGroup]]],
    );
    await assert.rejects(ec2.deletePlacementGroup({ GroupName: "train-gpu-cluster" }), /is in use/);
    await ec2.deleteFleets({ FleetIds: [fleet!], TerminateInstances: true });
    await until("the fleet's end", async () => (await aws.scene.simulator.state())["fleets"]!.length === 0);
    await aws.leavesNothing();
  });
});
