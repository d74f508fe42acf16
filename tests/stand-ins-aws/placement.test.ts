/** Placement groups of the stand-in, and fleets in them, on the simulated AWS. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EC2 } from "@aws-sdk/client-ec2";
import type { Properties } from "../../sdk/plugin/wire";
import { region } from "../aws/scene";
import { EngineResource, startPlugin, type Plugin } from "../plugin/harness";
import { startStandInScene, type StandInScene } from "./scene";

describe("placement groups of the stand-in for the aws provider", function () {
  let scene: StandInScene;
  let plugin: Plugin;
  let ec2: EC2;
  const made: EngineResource[] = [];

  before(async function () {
    this.timeout(120_000);
    scene = await startStandInScene();
    plugin = await startPlugin(join(scene.directory, "pulumi-resource-aws"), { config: scene.config() });
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    ec2 = new EC2({ region, endpoint: scene.simulator.endpoint, credentials });
  });
  after(async () => {
    ec2?.destroy();
    await plugin?.stop();
    await scene?.close();
  });

  const make = async (token: string, name: string, program: Properties): Promise<EngineResource> => {
    const thing = new EngineResource(plugin, token, name);
    made.unshift(thing);
    await thing.up(program);
    return thing;
  };

  it("hold the machines whose template names them, which may have adapters, and go when those have gone", async () => {
    const program = { name: "train-gpu-cluster", strategy: "cluster", tags: { team: "search" } };
    const group = await make("aws:ec2/placementGroup:PlacementGroup", "gpu", program);
    assert.equal(await group.up(program), "same");
    assert.equal(await group.refresh(), true);
    assert.equal(await group.up(program), "same");
    assert.equal(await group.up({ ...program, tags: { team: "ads" } }), "update");
    assert.deepEqual(group.stored!.state.values["tags"], { team: "ads" });

    const vpcId = (await make("aws:ec2/vpc:Vpc", "net", { cidrBlock: "10.0.0.0/16" })).stored!.id;
    const place = { vpcId, cidrBlock: "10.0.1.0/24", availabilityZone: `${region}a` };
    const subnetId = (await make("aws:ec2/subnet:Subnet", "sub", place)).stored!.id;
    const securityGroup = (await make("aws:ec2/securityGroup:SecurityGroup", "nodes", { vpcId })).stored!.id;
    const { result } = await plugin.invoke("aws:ec2/getAmi:getAmi", { mostRecent: true });
    const template = await make("aws:ec2/launchTemplate:LaunchTemplate", "gpu", {
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
    let machines: readonly Record<string, unknown>[] = [];
    while (machines.length === 0) {
      await sleep(20);
      machines = (await scene.simulator.state())["instances"] ?? [];
    }
    assert.deepEqual(
      machines.map((machine) => [machine["subnet"], machine["securityGroups"]]),
      [[subnetId, [securityGroup]]],
    );
    await assert.rejects(ec2.deletePlacementGroup({ GroupName: "train-gpu-cluster" }), /is in use/);
    await ec2.deleteFleets({ FleetIds: [fleet!], TerminateInstances: true });
    while ((await scene.simulator.state())["fleets"]!.length > 0) await sleep(20);
    for (const thing of made) await thing.destroy();
    assert.deepEqual(await scene.left(), {});
  });
});
