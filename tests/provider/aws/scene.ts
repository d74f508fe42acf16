/** A simulated AWS with a network and a launch template, for tests of what runs on it. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AttachInternetGatewayCommand,
  CreateCapacityReservationCommand,
  CreateFleetCommand,
  CreateInternetGatewayCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateRouteCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
  DescribeRouteTablesCommand,
  EC2Client,
  ModifySubnetAttributeCommand,
  type RequestLaunchTemplateData,
  RunInstancesCommand,
  waitUntilInstanceRunning,
} from "@aws-sdk/client-ec2";
import { ElasticLoadBalancingV2 } from "@aws-sdk/client-elastic-load-balancing-v2";
import { provider } from "../../../plugin/provider";
import { createNodeGroupHandler } from "../../../provider/aws/handlers/node-group";
import { FleetDriver } from "../../../provider/aws/fleet/fleet-driver";
import { createFleetRequest } from "../../../provider/aws/fleet/fleet-request";
import { shapeOfSpec, type FleetSpec } from "../../../provider/aws/fleet/fleet-spec";
import { makeServiceRole } from "../../../provider/aws/service-roles";
import { AwsClients } from "../../../provider/aws/clients";
import { groupTags, toTagList } from "../../../provider/aws/ownership";
import type { Pace } from "../../../provider/cloud/wait";
import { startAwsSimulator, type AwsSimulator, type AwsSimulatorOptions, type AwsTiming } from "../../../simulator/aws";
import { until } from "../../until";
import { startPlugin, type Plugin } from "../server/harness";

export const region = "us-west-2";

/** Short, so that tests are; long enough to be seen. */
export const quick: AwsTiming = {
  launch: 40,
  shutDown: 40,
  fleetReaction: 20,
  fleetModification: 40,
  fleetDeletion: 60,
  fleetNoticesLoss: 80,
  fleetRetry: 100,
  fleetInstancesLag: 0,
  historyLag: 0,
  balancerRelease: 60,
  spotNotice: 40,
};

export const pace: Pace = { firstMs: 15, factor: 1.2, longestMs: 60 };

export interface Scene {
  readonly simulator: AwsSimulator;
  readonly clients: AwsClients;
  readonly ec2: EC2Client;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;
  readonly imageId: string;
  close(): Promise<void>;
}

const groupType = "gpu-clusters:aws:NodeGroup";

/** The real plugin, on the scene's cloud. */
export function startScenePlugin({ simulator }: Scene, definition = provider): Promise<Plugin> {
  return startPlugin(definition, { config: { aws: { region, endpoint: simulator.endpoint } } });
}

/** Looking more often than one would look at AWS. */
export function startImpatientPlugin(scene: Scene): Promise<Plugin> {
  const handler = () => createNodeGroupHandler({ pace, patienceMs: 200, backoffMs: 50 });
  const impatient = { ...provider, resources: { ...provider.resources, [groupType]: handler } };
  return startScenePlugin(scene, impatient);
}

/** Credentials of nobody, for every client of the tests. */
export function useTestCredentials(): void {
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
  delete process.env.AWS_PROFILE;
}

export async function startScene(options: Partial<AwsSimulatorOptions> = {}): Promise<Scene> {
  useTestCredentials();
  const stateDir = await mkdtemp(join(tmpdir(), "gpu-clusters-aws-"));
  const simulator = await startAwsSimulator({ stateDir, timing: quick, ...options });
  const close = async () => {
    const wrong = await simulator.misfits();
    await simulator.close();
    assert.deepEqual(wrong, [], "requests that AWS's own models do not have");
    await rm(stateDir, { recursive: true, force: true });
  };
  try {
    const clients = new AwsClients({ region, endpoint: simulator.endpoint });
    for (const service of ["ec2fleet", "spot"])
      await makeServiceRole(clients.iam, `${service}.amazonaws.com`, deadline());
    return { simulator, clients, ec2: clients.ec2, close, ...(await network(clients.ec2)) };
  } catch (error) {
    await close();
    throw error;
  }
}

async function network(ec2: EC2Client) {
  const vpc = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
  const vpcId = vpc.Vpc!.VpcId!;
  const subnetIds = await Promise.all(
    ["a", "b"].map(async (zone, index) => {
      const CidrBlock = `10.0.${16 * index}.0/20`;
      const made = await ec2.send(
        new CreateSubnetCommand({ VpcId: vpcId, CidrBlock, AvailabilityZone: `${region}${zone}` }),
      );
      return made.Subnet!.SubnetId!;
    }),
  );
  const group = await ec2.send(
    new CreateSecurityGroupCommand({ VpcId: vpcId, GroupName: "nodes", Description: "nodes" }),
  );
  const images = await ec2.send(new DescribeImagesCommand({ Filters: [{ Name: "architecture", Values: ["x86_64"] }] }));
  const image = images.Images!.find(({ Platform }) => Platform === undefined);
  return { vpcId, subnetIds, securityGroupId: group.GroupId!, imageId: image!.ImageId! };
}

/** Machines install themselves from the internet. */
export async function openToTheWorld({ ec2, vpcId: VpcId, subnetIds }: Scene): Promise<void> {
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const GatewayId = InternetGateway!.InternetGatewayId!;
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: GatewayId, VpcId }));
  const tables = await ec2.send(new DescribeRouteTablesCommand({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] }));
  const { RouteTableId } = tables.RouteTables![0]!;
  await ec2.send(new CreateRouteCommand({ RouteTableId, DestinationCidrBlock: "0.0.0.0/0", GatewayId }));
  for (const SubnetId of subnetIds) {
    await ec2.send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch: { Value: true } }));
  }
}

/** A targeted Capacity Reservation in the second subnet's zone. */
export async function reserve({ ec2 }: Scene, instanceType: string, count: number): Promise<string> {
  const command = new CreateCapacityReservationCommand({
    InstanceType: instanceType,
    InstancePlatform: "Linux/UNIX",
    InstanceMatchCriteria: "targeted",
    AvailabilityZone: `${region}b`,
    InstanceCount: count,
  });
  return (await ec2.send(command)).CapacityReservation!.CapacityReservationId!;
}

/** A launch template with the group's tags. */
export async function makeTemplate(
  { ec2, imageId, securityGroupId }: Scene,
  nodeGroup: string,
  data: Partial<RequestLaunchTemplateData> = {},
): Promise<string> {
  const made = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: `alpha-${nodeGroup}`,
      LaunchTemplateData: {
        ImageId: imageId,
        SecurityGroupIds: [securityGroupId],
        UserData: Buffer.from("#!/bin/bash\n").toString("base64"),
        TagSpecifications: [
          { ResourceType: "instance", Tags: toTagList(groupTags({ clusterName: "alpha", nodeGroup })) },
        ],
        ...data,
      },
    }),
  );
  return made.LaunchTemplate!.LaunchTemplateId!;
}

export async function addTemplateVersion(
  { ec2 }: Scene,
  launchTemplateId: string,
  data: Partial<RequestLaunchTemplateData>,
): Promise<string> {
  const made = await ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateId: launchTemplateId,
      SourceVersion: "$Latest",
      LaunchTemplateData: data,
    }),
  );
  return String(made.LaunchTemplateVersion!.VersionNumber);
}

export interface Group {
  readonly driver: FleetDriver;
  readonly fleetId: string;
  readonly spec: FleetSpec;
  /** Another driver of the same group, which knows nothing but its spec: another process. */
  restarted(changes?: Partial<FleetSpec>): FleetDriver;
  /** Resolves when so many machines run. */
  running(count: number): Promise<readonly string[]>;
}

export async function makeGroup(
  scene: Scene,
  nodeGroup: string,
  size: number,
  given: Partial<FleetSpec> = {},
): Promise<Group> {
  const launchTemplateId = given.launchTemplateId ?? (await makeTemplate(scene, nodeGroup));
  const spec = { ...specOf(scene, nodeGroup, launchTemplateId), ...given };
  const restarted = (changes = {}) => driverOf(scene, { ...spec, ...changes });
  const driver = restarted();
  const fleetId = await driver.ensure(size, deadline());
  return { driver, fleetId, spec, restarted, running: (count) => runningMachines(driver, count) };
}

export function specOf({ subnetIds }: Scene, name: string, launchTemplateId: string): FleetSpec {
  const instanceTypes = ["m5.large"];
  const bounds = { minSize: 0, maxSize: 10 };
  const template = { launchTemplateId, launchTemplateVersion: 1 };
  return { clusterName: "alpha", name, ...bounds, ...template, instanceTypes, subnetIds: [...subnetIds] };
}

export function driverOf({ ec2 }: Scene, spec: FleetSpec): FleetDriver {
  return new FleetDriver({ ec2, spec, owner: "urn:test", pace });
}

/** Long, because the computer may be busy: what it ends never would. */
const patienceMs = 60_000;

/** A signal that ends what hangs. */
export function deadline(): AbortSignal {
  return AbortSignal.timeout(patienceMs);
}

function runningMachines(driver: FleetDriver, count: number): Promise<readonly string[]> {
  return until(`${count} running machines`, async () => {
    const { machines } = await driver.describe(deadline());
    const running = machines.filter((machine) => machine.state === "running");
    return running.length === count && machines.length === count && running.map((machine) => machine.id);
  });
}

/** A fleet with a group's tags that somebody else made. */
export async function foreignFleet(scene: Scene, nodeGroup: string, launchTemplateId: string): Promise<void> {
  const shape = shapeOfSpec(specOf(scene, nodeGroup, launchTemplateId));
  const tags = groupTags({ clusterName: "alpha", nodeGroup });
  await scene.ec2.send(new CreateFleetCommand(createFleetRequest(shape, 1, tags, crypto.randomUUID())));
}

/** A network load balancer's, without targets. Its ARN. */
export async function targetGroup({ simulator, vpcId: VpcId }: Scene, Name: string): Promise<string> {
  const elb = new ElasticLoadBalancingV2({ region, endpoint: simulator.endpoint });
  const given = { Name, Protocol: "TCP", Port: 6443, VpcId, TargetType: "instance" } as const;
  return (await elb.createTargetGroup(given)).TargetGroups![0]!.TargetGroupArn!;
}

/** Instances that run, named `<machines>-<number>`, as targets of a network load balancer's group. */
export async function targets(
  scene: Scene,
  name: string,
  machines: string,
  count: number,
): Promise<{ targetGroupArn: string; ids: string[] }> {
  const { ec2, subnetIds, imageId: ImageId } = scene;
  const TargetGroupArn = await targetGroup(scene, name);
  const place = { ImageId, SubnetId: subnetIds[0]!, InstanceType: "t3.xlarge" } as const;
  const { Instances } = await ec2.send(new RunInstancesCommand({ ...place, MinCount: count, MaxCount: count }));
  const ids = Instances!.map(({ InstanceId }) => InstanceId!);
  for (const [index, id] of ids.entries()) {
    const Tags = [{ Key: "Name", Value: `${machines}-${index + 1}` }];
    await ec2.send(new CreateTagsCommand({ Resources: [id], Tags }));
  }
  await waitUntilInstanceRunning({ client: ec2, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { InstanceIds: ids });
  const elb = new ElasticLoadBalancingV2({ region, endpoint: scene.simulator.endpoint });
  await elb.registerTargets({ TargetGroupArn, Targets: ids.map((Id) => ({ Id })) });
  return { targetGroupArn: TargetGroupArn, ids };
}
