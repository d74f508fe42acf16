import assert from "node:assert/strict";
import { CreateCapacityReservationCommand, CreateSubnetCommand, CreateVpcCommand } from "@aws-sdk/client-ec2";
import { accountFailures } from "../../../provider/aws/preflight/looks";
import { checkNodeGroup } from "../../../provider/aws/handlers/node-group-inputs";
import { deadline, region, specOf, startScene, type Scene } from "./scene";

const instanceType = "m5.large";
const zone = `${region}a`;

describe("the tenancy of a Capacity Reservation", () => {
  let scene: Scene;
  let dedicated: { vpcId: string; subnetId: string };
  before(async () => {
    scene = await startScene();
    const { Vpc } = await scene.ec2.send(
      new CreateVpcCommand({ CidrBlock: "10.9.0.0/16", InstanceTenancy: "dedicated" }),
    );
    const vpcId = Vpc!.VpcId!;
    const { Subnet } = await scene.ec2.send(
      new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: "10.9.0.0/20", AvailabilityZone: zone }),
    );
    dedicated = { vpcId, subnetId: Subnet!.SubnetId! };
  });
  after(() => scene.close());

  async function reserve(Tenancy: "default" | "dedicated") {
    const command = new CreateCapacityReservationCommand({
      InstanceType: instanceType,
      InstancePlatform: "Linux/UNIX",
      InstanceMatchCriteria: "targeted",
      AvailabilityZone: zone,
      InstanceCount: 2,
      Tenancy,
    });
    return (await scene.ec2.send(command)).CapacityReservation!.CapacityReservationId!;
  }

  /** As the resource sees it, which knows the subnets. */
  async function refused(subnetId: string, id: string): Promise<string[]> {
    const spec = { ...specOf(scene, "gpu", "lt-0123456789abcdef0"), capacity: { reservation: { id } } };
    const context = {
      config: { aws: { region, endpoint: scene.simulator.endpoint } },
      signal: deadline(),
      log: { warn: () => undefined },
    };
    const inputs = { ...spec, instanceTypes: [instanceType], maxSize: 2, subnetIds: [subnetId] };
    const found = await checkNodeGroup(inputs as never, context as never);
    return found.map(({ property, reason }) => `${property}: ${reason}`);
  }

  /** As the preview of a cluster sees it. */
  async function refusedAtPreview(network: object, id: string): Promise<string[]> {
    const group = {
      name: "gpu",
      instanceTypes: [instanceType],
      minSize: 0,
      maxSize: 2,
      capacity: { reservation: { id } },
    };
    const found = await accountFailures(scene.clients, { network, nodeGroups: [group] } as never, undefined, {
      accountId: "123456789012",
      region,
      signal: deadline(),
      log: { warn: () => undefined } as never,
    });
    return found.map(({ property }) => property).filter((property) => property.startsWith("nodeGroups"));
  }

  for (const [own, other] of [
    ["default", "dedicated"],
    ["dedicated", "default"],
  ] as const) {
    it(`must be the one that the network gives its machines: ${own}`, async () => {
      const subnetId = own === "default" ? scene.subnetIds[0]! : dedicated.subnetId;
      const [fits, differs] = [await reserve(own), await reserve(other)];
      assert.deepEqual(await refused(subnetId, fits), []);
      assert.deepEqual(await refused(subnetId, differs), [
        `capacity.reservation.id: ${differs} has the tenancy ${other}, machines in this network have ${own}`,
      ]);
    });
  }

  it("is held against a new network at a cluster's preview, where machines have the default tenancy", async () => {
    assert.deepEqual(await refusedAtPreview({ zoneCount: 3 }, await reserve("default")), []);
    assert.deepEqual(await refusedAtPreview({ zoneCount: 3 }, await reserve("dedicated")), [
      "nodeGroups[0].capacity.reservation.id",
    ]);
  });
});
