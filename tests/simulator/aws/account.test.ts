/** What a real account refuses, whatever the request. */
import assert from "node:assert/strict";
import {
  AllocateAddressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateFleetCommand,
  CreateNatGatewayCommand,
  CreateVpcCommand,
  ReleaseAddressCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { DeleteRoleCommand } from "@aws-sdk/client-iam";
import { createFleetRequest } from "../../../provider/aws/fleet/fleet-request";
import { shapeOfSpec } from "../../../provider/aws/fleet/fleet-spec";
import { makeServiceRole } from "../../../provider/aws/service-roles";
import { deadline, makeTemplate, specOf, startScene, type Scene } from "../../provider/aws/scene";

describe("an account of the simulated AWS", () => {
  let scene: Scene;
  before(async function () {
    this.timeout(300_000);
    scene = await startScene();
  });
  after(() => scene.close());

  it("has no fleet without its service's role, and none of spot machines without theirs", async () => {
    const { iam } = scene.clients;
    const without = (role: string) => iam.send(new DeleteRoleCommand({ RoleName: `AWSServiceRoleForEC2${role}` }));
    const spec = specOf(scene, "roles", await makeTemplate(scene, "roles"));
    const order = (capacity: object) =>
      scene.ec2.send(
        new CreateFleetCommand(
          createFleetRequest(shapeOfSpec({ ...spec, ...capacity }), 0, { by: "hand" }, crypto.randomUUID()),
        ),
      );
    const [onDemand, spot] = [{ capacity: { onDemand: {} } }, { capacity: { spot: {} } }];
    await without("Spot");
    await order(onDemand);
    const refused = { code: "AuthFailure.ServiceLinkedRoleCreationNotPermitted", kind: "permission" };
    await assert.rejects(order(spot), refused);
    await makeServiceRole(iam, "spot.amazonaws.com", deadline());
    await order(spot);
    await without("Fleet");
    await assert.rejects(order(onDemand), refused);
    await assert.rejects(order(spot), refused);
  });

  it("has no more addresses, VPCs, NAT gateways in a zone and rules of a group than its quotas say", async () => {
    const { ec2, simulator } = scene;
    await simulator.setQuotas({ "L-0263D0A3": 1, "L-F678F1CE": 1, "L-FE5A380F": 1 });
    const { AllocationId } = await ec2.send(new AllocateAddressCommand({}));
    await assert.rejects(ec2.send(new AllocateAddressCommand({})), { code: "AddressLimitExceeded" });
    await assert.rejects(ec2.send(new CreateVpcCommand({ CidrBlock: "10.1.0.0/16" })), { code: "VpcLimitExceeded" });
    const gateway = (SubnetId: string) =>
      ec2.send(new CreateNatGatewayCommand({ SubnetId, ConnectivityType: "private" }));
    await gateway(scene.subnetIds[0]!);
    await assert.rejects(gateway(scene.subnetIds[0]!), { code: "NatGatewayLimitExceeded", kind: "quota" });
    await gateway(scene.subnetIds[1]!);
    const IpRanges = Array.from({ length: 61 }, (_, index) => ({ CidrIp: `10.0.0.${index}/32` }));
    const rules = { IpProtocol: "tcp", FromPort: 6443, ToPort: 6443, IpRanges };
    await assert.rejects(
      ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: scene.securityGroupId, IpPermissions: [rules] })),
      { code: "RulesPerSecurityGroupLimitExceeded", kind: "quota" },
    );
    await ec2.send(new ReleaseAddressCommand({ AllocationId: AllocationId! }));
  });

  it("starts no machine whose disk lacks a tag that the organisation demands", async () => {
    await scene.simulator.setAccount({ volumeTags: ["team"] });
    const launch = (ResourceType: "instance" | "volume") =>
      scene.ec2.send(
        new RunInstancesCommand({
          ImageId: scene.imageId,
          InstanceType: "m5.large",
          SubnetId: scene.subnetIds[0]!,
          MinCount: 1,
          MaxCount: 1,
          TagSpecifications: [{ ResourceType, Tags: [{ Key: "team", Value: "ml" }] }],
        }),
      );
    await assert.rejects(launch("instance"), /tags missing: team/);
    const { Instances } = await launch("volume");
    const ids = Instances!.map(({ InstanceId }) => InstanceId!);
    await scene.ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
    await scene.simulator.setAccount({ volumeTags: [] });
  });
});
